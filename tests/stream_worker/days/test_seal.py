"""A day is sealed whole or not at all, whatever is cut off, and by whom it is sealed beside."""

from __future__ import annotations

import threading
from collections import Counter
from datetime import timedelta
from typing import TYPE_CHECKING

import polars as pl
import pytest

from stream_worker.days.run_builder import RunBuilder
from stream_worker.days.seal import Seal
from stream_worker.judging.judgement import JUDGEMENT
from stream_worker.lake.keys import LIVE
from stream_worker.lake.s3_store import S3Lake
from stream_worker.process.errors import WorkerError
from stream_worker.process.progress import silent
from stream_worker.publication.glue import GlueCatalog
from stream_worker.publication.publication import Publication
from tests.support.worker.samples import FORGED, INVALID, MALFORMED, SHARD, body, records
from tests.support.worker.sealing import (
    LATER,
    OTHER,
    THE_DAY,
    THIRD,
    Theatre,
    crash_points,
    crashed,
    same,
    usual,
)
from tests.support.worker.stage import Stage

if TYPE_CHECKING:
    from stream_worker.days.seal import Sealed
    from stream_worker.lake.manifest import Manifest
    from tests.conftest import Cloud
    from tests.support.worker.stage import _Effect

STEPS = 6
"""Both tables' parts, the manifest, the note of the switch, both switches."""


def told(manifest: Manifest) -> dict[str, object]:
    return manifest.model_dump(exclude={"made_at"})


def test_a_sealed_day_is_one_run_with_each_deployment_once_and_all_records(theatre: Theatre) -> None:
    live = theatre.shown()
    sealed = theatre.seal.seal(THE_DAY)
    assert sealed.switched
    assert theatre.stage.effects == [
        "reports put",
        "rejects put",
        "runs put",
        "runs put",
        "rejects point",
        "reports point",
    ]
    assert len(theatre.stage.effects) == STEPS
    theatre.check_run()
    shown = theatre.shown()
    assert theatre.rows("reports")["stack_id"].is_sorted()
    assert len(shown["reports"]) == 45 == sealed.manifest.outcomes["accepted"]
    assert Counter(shown["rejects"]["reason"]) == {
        "malformed": 2,
        "invalid": 2,
        "fraud": 1,
        "duplicate": 7,
    }
    assert sealed.manifest.rejudged == {"duplicate": 5}
    kept = live["reports"].join(shown["reports"], on=live["reports"].columns, how="semi")
    assert kept.equals(shown["reports"])
    before = live["rejects"].filter(pl.col("reason") != "duplicate")
    assert before.equals(shown["rejects"].filter(pl.col("reason") != "duplicate"))
    assert [source.shard_id for source in sealed.manifest.sources] == [SHARD.shard_id, OTHER.shard_id]


@pytest.mark.parametrize(("when", "step"), crash_points(STEPS))
def test_a_seal_that_is_cut_off_anywhere_shows_the_old_or_the_new_and_is_completed_by_another(
    when: str, step: int, theatre: Theatre
) -> None:
    old, whole = theatre.shown(), Theatre().fill(usual())
    expected = whole.seal.seal(THE_DAY).manifest
    crashed(theatre, when, step, lambda: theatre.seal.seal(THE_DAY))
    shown, new = theatre.shown(), whole.shown()
    for table, was in old.items():
        assert shown[table].equals(was) or shown[table].equals(new[table])
    done = theatre.seal.seal(THE_DAY)
    assert told(done.manifest) == told(expected)
    assert same(theatre.shown(), new)
    theatre.check_run()
    assert not theatre.seal.seal(THE_DAY).switched


@pytest.mark.parametrize("step", range(1, STEPS + 1))
def test_a_second_seal_that_overtakes_at_any_step_changes_nothing(step: int, theatre: Theatre) -> None:
    effect, seal = Stage._effect, theatre.seal.seal  # noqa: SLF001 - the steps
    expected = Theatre().fill(usual())
    expected.seal.seal(THE_DAY)
    results: list[Sealed] = []

    class Overtaken(Stage):
        __slots__ = ()

        def _effect(self, name: str) -> _Effect:
            if len(self.effects) + 1 == step:
                self.__class__ = Stage  # type: ignore[assignment] # from here on alone
                results.append(seal(THE_DAY))
            return effect(self, name)

    theatre.stage.__class__ = Overtaken
    done = theatre.seal.seal(THE_DAY)
    assert results[0].manifest == done.manifest
    assert same(theatre.shown(), expected.shown())
    theatre.check_run()


def test_seals_in_many_threads_have_one_result(theatre: Theatre, cloud: Cloud, database: str) -> None:
    cloud.s3.create_bucket(Bucket=database)
    lake, catalog = S3Lake(cloud.s3, database), GlueCatalog(cloud.glue, database, database)
    for key, (held, metadata) in theatre.stage.objects.items():
        lake.put_new(key, held, metadata)
    publication, proofs, found, barrier = Publication(lake, catalog), theatre.proofs, [], threading.Barrier(4)

    def seal() -> None:
        runs = RunBuilder(lake, JUDGEMENT, silent)
        barrier.wait()
        found.append(Seal(lake, publication, runs, proofs, theatre.tick).seal(THE_DAY))  # type: ignore[arg-type] # its stand-in

    threads = [threading.Thread(target=seal) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 4
    assert len({sealed.manifest.model_dump_json() for sealed in found}) == 1
    manifest = found[0].manifest
    assert publication.all_shown(THE_DAY) == {manifest.run}
    written = {key for table in ("reports", "rejects") for key in lake.keys(f"{table}/sealed/")}
    assert written == {part.key for part in (*manifest.reports, *manifest.rejects)}


def test_a_day_without_segments_is_sealed_empty_with_a_file_for_each_table() -> None:
    theatre = Theatre()
    sealed = theatre.seal.seal(THE_DAY)
    assert sealed.manifest.records == 0
    theatre.check_run()
    assert [len(theatre.keys(table)) for table in ("reports", "rejects")] == [1, 1]


def test_anew_is_another_run_and_the_way_back_leads_to_the_one_before(theatre: Theatre) -> None:
    first = theatre.seal.seal(THE_DAY).manifest
    again = theatre.seal.seal(THE_DAY, anew=True).manifest
    assert again.run != first.run
    assert again.replaces == first.run
    assert told(again).keys() == told(first).keys()
    theatre.check_run()
    assert theatre.publication.roll_back(THE_DAY, theatre.tick()) == first.run
    assert theatre.publication.roll_back(THE_DAY, theatre.tick()) == LIVE


def test_a_run_whose_parts_have_gone_is_written_again_before_readers_see_it(theatre: Theatre) -> None:
    manifest = theatre.seal.seal(THE_DAY).manifest
    expected = theatre.shown()
    theatre.publication.roll_back(THE_DAY, theatre.tick())
    theatre.stage.delete([manifest.reports[0].key])
    assert theatre.seal.seal(THE_DAY).manifest == manifest
    assert same(theatre.shown(), expected)


def test_orphans_of_a_lost_race_are_not_read(theatre: Theatre) -> None:
    expected = Theatre().fill(usual())
    expected.seal.seal(THE_DAY)
    key = next(iter(theatre.stage.keys("rejects/live/")))
    theatre.stage.objects[key.replace(".parquet", "f.parquet")] = theatre.stage.objects[key]
    theatre.seal.seal(THE_DAY)
    assert same(theatre.shown(), expected.shown())


def test_other_rows_under_the_runs_name_are_an_error_and_readers_stay(theatre: Theatre) -> None:
    twin = Theatre().fill(usual())
    part = twin.seal.seal(THE_DAY).manifest.reports[0]
    theatre.stage.put_new(part.key, b"other", {"sha256": "other"})
    with pytest.raises(WorkerError, match="with other rows"):
        theatre.seal.seal(THE_DAY)
    assert theatre.publication.shown(THE_DAY) == LIVE


def test_a_shard_that_the_stream_has_forgotten_is_sealed_as_it_is(theatre: Theatre) -> None:
    theatre.proofs.shards = (SHARD, THIRD)
    sources = {one.shard_id: one.proof for one in theatre.seal.seal(THE_DAY).manifest.sources}
    assert sources == {SHARD.shard_id: "tip", OTHER.shard_id: "forgotten"}


def test_a_straggler_that_is_committed_after_the_seal_makes_another_run_of_the_next(theatre: Theatre) -> None:
    first = theatre.seal.seal(THE_DAY).manifest
    theatre.fill({SHARD: [records([body(77), FORGED, MALFORMED, INVALID], first=500)]})
    second = theatre.seal.seal(THE_DAY).manifest
    assert second.records == first.records + 4
    assert second.replaces == first.run
    theatre.check_run()


def test_unsealed_are_the_days_that_are_over_and_live_oldest_first_but_not_those_put_back() -> None:
    day = 86_400_000
    arrivals = [LATER.timestamp() * 1000 - ago * day for ago in (3, 2, 1, 0)]
    feed = {SHARD: [records([body(n)], n, [int(at)]) for n, at in enumerate(arrivals)]}
    theatre = Theatre().fill(feed)
    days = [THE_DAY - timedelta(days=ago) for ago in (2, 1, 0)]
    assert theatre.seal.unsealed() == days
    for one in days:
        theatre.seal.seal(one)
    assert theatre.seal.unsealed() == []
    theatre.publication.roll_back(days[1], theatre.tick())
    assert theatre.seal.unsealed() == []
    theatre.seal.seal(days[1])
    assert theatre.seal.unsealed() == []


def test_a_day_whose_switch_was_cut_off_is_unsealed(theatre: Theatre) -> None:
    crashed(theatre, "crash_after", STEPS - 1, lambda: theatre.seal.seal(THE_DAY))
    assert len(theatre.publication.all_shown(THE_DAY)) == 2
    assert theatre.seal.unsealed() == [THE_DAY]
