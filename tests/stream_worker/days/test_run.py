"""A run has the segments' rows, whatever the parts, and a name that says what it is made of."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import pytest

from stream_worker.days.run_builder import run_id
from stream_worker.judging import sample
from stream_worker.judging.judgement import JUDGEMENT, Judgement
from stream_worker.judging.thresholds import THRESHOLDS
from stream_worker.lake.committed import read_day
from stream_worker.lake.expiry import run_expires
from stream_worker.lake.keys import LIVE
from stream_worker.lake.parts import Parts
from stream_worker.process.errors import WorkerError
from tests.support.soak import soaked
from tests.support.worker.samples import FORGED, MALFORMED, SHARD, body, records
from tests.support.worker.sealing import OTHER, THE_DAY, THIRD, Theatre, same, usual


def three_shards() -> Theatre:
    """Return a day on which many deployments have reported to several shards."""
    feeds = {
        SHARD: [records([body(n) for n in range(300)])],
        OTHER: [records([*(body(n) for n in range(200, 500)), FORGED], 10_000)],
        THIRD: [records([MALFORMED, *(body(n) for n in range(100, 400))], 20_000)],
    }
    return Theatre().fill(feeds)


@pytest.mark.parametrize("part_rows", soaked([900, 50, 1, 899, 901], 2))
def test_a_day_in_parts_has_the_rows_of_one_in_a_single_part(part_rows: int) -> None:
    whole, parts = three_shards(), three_shards()
    one = whole.seal.seal(THE_DAY).manifest
    parts.part_rows = part_rows
    many = parts.seal.seal(THE_DAY).manifest
    assert same(whole.shown(), parts.shown())
    assert one.outcomes == many.outcomes
    assert one.outcomes["accepted"] == 500
    assert one.rejudged == {"duplicate": 400}
    bounds = [(part.first, part.last) for part in many.reports]
    assert all(str(before[1]) < str(after[0]) for before, after in pairwise(bounds))
    assert len(bounds) > 1 or part_rows >= 900
    parts.check_run()


def test_the_counts_of_the_segments_and_of_the_run_differ_by_what_was_judged_again() -> None:
    manifest = Theatre().fill(usual()).seal.seal(THE_DAY).manifest
    assert manifest.committed == {"accepted": 50, "malformed": 2, "invalid": 2, "fraud": 1, "duplicate": 2}
    assert manifest.outcomes == manifest.committed | {"accepted": 45, "duplicate": 7}
    assert sum(source.outcomes["accepted"] for source in manifest.sources) == 50
    assert manifest.records == sum(manifest.committed.values())


def test_a_name_follows_from_the_segments_and_from_who_judges() -> None:
    theatre = Theatre().fill(usual())
    day, judge = read_day(theatre.stage, LIVE, THE_DAY), JUDGEMENT
    less = replace(day, segments=day.segments[1:])
    names = [
        run_id(day, judge),
        run_id(less, judge),
        run_id(day, replace(judge, code="another")),
        run_id(day, Judgement(replace(THRESHOLDS, version=2))),
        run_id(day, Judgement(replace(THRESHOLDS, copies_least=21))),
        run_id(day, judge, "again"),
        run_id(replace(day, generation="replay/run=a"), judge),
    ]
    assert len(set(names)) == len(names)
    assert all(name.isalnum() and len(name) == 16 for name in names)
    assert run_id(read_day(theatre.stage, LIVE, THE_DAY), judge) == names[0]


def test_a_day_too_large_to_be_studied_whole_is_judged_by_a_sample(monkeypatch: pytest.MonkeyPatch) -> None:
    whole, sampled = three_shards(), three_shards()
    whole.seal.seal(THE_DAY)
    monkeypatch.setattr(sample, "STUDIED_ROWS", 90)
    sampled.seal.seal(THE_DAY)
    assert same(whole.shown(), sampled.shown())


def test_rejects_that_have_expired_are_not_written_again() -> None:
    theatre = three_shards()
    manifest = theatre.seal.seal(THE_DAY).manifest
    theatre.stage.delete([key for key in theatre.stage.objects if key.startswith("rejects/sealed/")])
    theatre.now = run_expires(manifest.made_at)
    before = set(theatre.stage.objects)
    assert theatre.seal.seal(THE_DAY).manifest == manifest
    assert set(theatre.stage.objects) == before


def test_rows_that_do_not_add_up_are_an_error_and_there_is_no_manifest(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    theatre = three_shards()
    monkeypatch.setattr(Parts, "gather", lambda *_: None)
    with pytest.raises(WorkerError, match="readers were not switched"):
        theatre.seal.seal(THE_DAY)
    assert theatre.publication.shown(THE_DAY) == LIVE
    assert theatre.publication.manifests(THE_DAY) == []
