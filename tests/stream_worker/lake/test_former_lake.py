"""A lake of before there were judgements: what is in `former_lake.json` was written by code that had none."""

from __future__ import annotations

import base64
import json
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Final

import pytest

from stream_worker.audit.auditor import Auditor
from stream_worker.judging.judgement import JUDGEMENT
from stream_worker.lake.committed import read_day
from stream_worker.lake.keys import LIVE
from stream_worker.lake.segment import Summary
from stream_worker.process.progress import silent
from stream_worker.publication.history import History
from tests.support.worker.samples import FORGED, INVALID, MALFORMED, SHARD, body, records
from tests.support.worker.sealing import OTHER, SPAN, THE_DAY, Theatre, same

if TYPE_CHECKING:
    from tests.support.worker.sealing import Feed

RUN: Final = "f3ee4fc73bf8eb19"


@pytest.fixture
def former() -> Theatre:
    theatre = Theatre()
    held = json.loads(Path(__file__).with_name("former_lake.json").read_text("utf-8"))
    for key, one in held["objects"].items():
        content = one["body"].encode() if key.endswith(".json") else base64.b64decode(one["body"])
        theatre.stage.objects[key] = (content, one["metadata"])
    for table, day, prefix in held["locations"]:
        theatre.catalog.locations[table, date.fromisoformat(day)] = prefix
    return theatre


def feed() -> Feed:
    one = [*map(body, range(6)), FORGED, INVALID, MALFORMED, body(3)]
    return {SHARD: [records(one)], OTHER: [records([*map(body, range(4, 9))], first=1000)]}


def test_its_segments_say_the_same_of_themselves_as_they_did(former: Theatre) -> None:
    keys = list(former.stage.keys("reports/live/"))
    assert len(keys) == 3
    for key in keys:
        metadata = former.stage.metadata(key)
        summary = Summary.parse(metadata)
        assert summary.metadata == metadata
        assert (summary.judgement, summary.judged_by) == ("", "0.1.0")


def test_its_sealed_day_is_audited_as_it_was(former: Theatre) -> None:
    audit = Auditor(former.publication, silent, now=lambda: former.now).audit(THE_DAY)
    assert audit.ok, audit.problems
    assert (audit.generation, audit.records) == (RUN, 15)


def test_its_run_is_listed_with_the_version_that_judged(former: Theatre) -> None:
    live, run = History(former.stage, former.publication).of(THE_DAY)
    assert (live.judged_by, run.judged_by) == (["0.1.0"], ["0.1.0"])
    assert (run.generation, run.current) == (RUN, True)


def test_its_day_sealed_again_is_a_run_of_todays_judgement_and_the_old_one_is_the_way_back(
    former: Theatre,
) -> None:
    shown = former.shown()
    sealed = former.seal.seal(THE_DAY)
    assert sealed.switched
    assert (sealed.manifest.judged_by, sealed.manifest.settled_by) == (JUDGEMENT.id, ["0.1.0"])
    former.check_run()
    assert former.publication.roll_back(THE_DAY, former.tick()) == RUN
    assert same(former.shown(), shown)


def test_its_day_is_replayed_and_the_replay_names_what_settled_it_before(former: Theatre) -> None:
    (done,) = former.replay(feed()).replay(SPAN)
    assert (done.live, done.changes) == (["0.1.0"], [])
    assert read_day(former.stage, LIVE, THE_DAY).judged_by == ["0.1.0"]
