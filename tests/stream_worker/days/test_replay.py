"""A replay gives the rows of the live worker again, or what other rules make of them, and the way back."""

from __future__ import annotations

import random
from collections import Counter
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

import polars as pl
import pytest

from stream_worker.days.diff import Change
from stream_worker.judging.judgement import JUDGEMENT, Judgement
from stream_worker.judging.thresholds import THRESHOLDS
from stream_worker.lake.chain import Chain
from stream_worker.lake.keys import LIVE
from stream_worker.process.errors import RefusedError
from stream_worker.process.limits import Limits
from stream_worker.shard_life.processor import Processor
from stream_worker.stream.shard import Shard
from stream_worker.stream.span import Span
from tests.support.soak import soaked
from tests.support.worker.samples import FORGED, INVALID, MALFORMED, MIDNIGHT, NOON, SHARD, body, records
from tests.support.worker.sealing import (
    GRACE,
    OTHER,
    SPAN,
    THE_DAY,
    THIRD,
    Theatre,
    crash_points,
    crashed,
    same,
    usual,
)
from tests.support.worker.stage import CrashError

if TYPE_CHECKING:
    from stream_worker.days.replay import Replayed
    from tests.support.worker.sealing import Feed

ONE_DAY = timedelta(days=1)
ANOTHER = replace(JUDGEMENT, code="another")


def run(theatre: Theatre, feed: Feed, span: Span = SPAN, *, dry_run: bool = False) -> list[Replayed]:
    return list(theatre.replay(feed).replay(span, dry_run=dry_run))


def steps() -> int:
    theatre = Theatre().fill(usual())
    run(theatre, usual())
    return len(theatre.stage.effects)


@pytest.mark.parametrize(("when", "step"), crash_points(steps()))
def test_a_replay_that_is_cut_off_anywhere_shows_the_old_or_the_new_and_goes_on(when: str, step: int) -> None:
    theatre = Theatre().fill(usual())
    sealed = theatre.seal.seal(THE_DAY).manifest
    theatre.judgement = ANOTHER
    theatre.stage.effects.clear()
    old = theatre.shown()
    crashed(theatre, when, step, lambda: run(theatre, usual()))
    assert all(len(theatre.rows(table)) == len(rows) for table, rows in old.items())
    assert set(theatre.keys("reports")) <= {
        *(part.key for part in sealed.reports),
        *(key for key in theatre.stage.keys("reports/sealed/") if key.endswith("part-00000.parquet")),
    }
    (done,) = run(theatre, usual())
    theatre.check_run()
    assert done.manifest.run != sealed.run
    assert done.manifest.outcomes == sealed.outcomes
    assert theatre.shown()["reports"].equals(old["reports"])
    assert theatre.shown()["rejects"].drop("code_version").equals(old["rejects"].drop("code_version"))


def test_the_live_segments_are_left_as_they_are_and_are_the_way_back(theatre: Theatre) -> None:
    live, shown = dict(theatre.stage.objects), theatre.shown()
    (done,) = run(theatre, usual())
    assert theatre.stage.objects.items() >= live.items()
    assert done.changes == [Change("accepted", "duplicate", 5)]
    assert theatre.publication.roll_back(THE_DAY, theatre.tick()) == LIVE
    assert same(theatre.shown(), shown)
    assert theatre.publication.roll_back(THE_DAY, theatre.tick(), done.manifest.run) == done.manifest.run
    theatre.check_run()


def test_a_dry_run_tells_what_would_change_and_leaves_readers(theatre: Theatre) -> None:
    shown, locations = theatre.shown(), dict(theatre.catalog.locations)
    (done,) = run(theatre, usual(), dry_run=True)
    assert not done.switched
    assert done.changes == [Change("accepted", "duplicate", 5)]
    assert theatre.catalog.locations == locations
    assert same(theatre.shown(), shown)
    (real,) = run(theatre, usual())
    assert real.switched
    assert real.manifest == done.manifest


def copied(count: int) -> Feed:
    """Return a day on which so many deployments report the same great numbers, beside honest ones."""
    dice = random.Random(1)
    counters = ("tokenizeSuccess", "detokenizeSuccess", "createGrantSuccess")
    others = ("tokenizeFailure", "detokenizeFailure", "createGrantFailure")
    copies = dict(zip((*counters, *others), (48_271, 39_916, 1_207, 13, 11, 3), strict=True))
    honest = [
        body(n, metrics={name: dice.randrange(300, 10**6) for name in (*counters, *others)})
        for n in range(80)
    ]
    return {SHARD: [records([*honest, *(body(1000 + n, metrics=copies) for n in range(count))])]}


def test_changed_thresholds_move_exactly_the_rows_that_they_should_and_say_so() -> None:
    feed = copied(40)
    theatre = Theatre().fill(feed)
    strict = theatre.seal.seal(THE_DAY).manifest
    copies = strict.rejudged["payload_copied"]
    assert copies > 30
    shown = theatre.shown()
    theatre.judgement = Judgement(
        replace(THRESHOLDS, version=2, copies_least=41, pairs_least=10**6, cluster_least=10**6)
    )
    (done,) = run(theatre, feed)
    assert done.changes == [Change("fraud payload_copied", "accepted", copies)]
    assert (done.manifest.rejudged, done.manifest.thresholds_version) == ({}, 2)
    positions = pl.col("sequence_number")
    back = theatre.shown()["reports"].filter(~positions.is_in(shown["reports"]["sequence_number"].to_list()))
    assert set(back["sequence_number"]) == set(shown["rejects"]["sequence_number"])
    assert theatre.publication.roll_back(THE_DAY, theatre.tick()) == strict.run
    assert same(theatre.shown(), shown)


def test_a_span_of_days_is_switched_day_by_day() -> None:
    feed: Feed = {
        SHARD: [records([body(n) for n in range(6)], 0, [MIDNIGHT - 3 + n for n in range(6)])],
    }
    theatre = Theatre().fill(feed)
    theatre.now += ONE_DAY
    done = run(theatre, feed, Span(THE_DAY, THE_DAY + ONE_DAY, GRACE))
    assert [(one.manifest.day, one.manifest.records) for one in done] == [
        (THE_DAY, 3),
        (THE_DAY + ONE_DAY, 3),
    ]
    for day in (THE_DAY, THE_DAY + ONE_DAY):
        theatre.check_run(day)


def test_a_name_is_not_shared_by_other_days_or_other_code() -> None:
    second = THE_DAY + ONE_DAY
    feed: Feed = {SHARD: [records([body(n) for n in range(6)], 0, [MIDNIGHT - 3 + n for n in range(6)])]}
    theatre = Theatre()  # without a live worker, whose counts would be a warning
    theatre.now += ONE_DAY
    for day in (second, THE_DAY):
        (done,) = theatre.replay(feed).replay(Span(day, day, GRACE), name="mine")
        assert done.manifest.records == 3
    theatre.judgement = ANOTHER
    (done,) = theatre.replay(feed).replay(SPAN, name="mine")
    assert len({folder for folder in theatre.stage.folders("reports/replay/") if "mine" in folder}) == 3
    assert done.manifest.judged_by == ANOTHER.id


@pytest.mark.parametrize("lost", ["first", "last", "middle", "shard"])
def test_fewer_records_than_live_are_refused(lost: str, theatre: Theatre) -> None:
    feed, shown = usual(), theatre.shown()
    (page,) = feed[SHARD]
    kept = {"first": [page[1:]], "last": [page[:-1]], "middle": [page[:5], page[6:]], "shard": []}[lost]
    feed[SHARD] = kept
    with pytest.raises(RefusedError, match="shortfall") as refused:
        run(theatre, feed)
    assert [problem.shard_id for problem in refused.value.problems] == [SHARD.shard_id]
    assert theatre.publication.all_shown(THE_DAY) == {LIVE}
    assert same(theatre.shown(), shown)


def test_a_day_that_is_not_over_is_refused_before_anything_is_written(theatre: Theatre) -> None:
    with pytest.raises(RefusedError, match="not over"):
        run(theatre, usual(), Span(THE_DAY, THE_DAY + ONE_DAY, GRACE))
    assert theatre.stage.effects == []


@pytest.mark.parametrize("damage", ["part", "manifest"])
def test_what_readers_saw_may_be_damaged_and_is_replaced_all_the_same(damage: str, theatre: Theatre) -> None:
    manifest = theatre.seal.seal(THE_DAY).manifest
    shown = theatre.shown()
    key = manifest.reports[0].key if damage == "part" else f"runs/dt=2026-11-22/{manifest.run}.json"
    theatre.stage.delete([key])
    (done,) = run(theatre, usual())
    assert done.changes is None
    assert same(theatre.shown(), shown)


@pytest.mark.parametrize("step", range(1, 5))
def test_a_seal_and_a_replay_at_once_leave_readers_one_whole_generation(step: int, theatre: Theatre) -> None:
    left = [step]

    def between() -> None:
        left[0] -= 1
        if left[0] == 0:
            run(theatre, usual())

    theatre.catalog.between = between
    theatre.seal.seal(THE_DAY)
    theatre.seal.seal(THE_DAY, anew=True)
    theatre.check_run()


def a_day(seed: int) -> Feed:
    """Return records over two midnights of a stream that is split: repeats, stragglers, aggregates."""
    dice = random.Random(seed)
    child = Shard(SHARD.epoch, "shardId-000000000002", (SHARD.shard_id,))
    feed: Feed = {}
    for place, shard in enumerate((SHARD, OTHER, child)):
        count = dice.randrange(30, 60)
        start, end = (NOON - 43_205_000, NOON) if shard is SHARD else (NOON, MIDNIGHT + 5_000)
        arrivals = sorted(dice.choices([*range(start, start + 99), *range(end - 99, end)], k=count))
        arrivals = [arrived + dice.randrange(-40, 40) for arrived in arrivals]
        bodies = [
            dice.choice([body(dice.randrange(40)), body(dice.randrange(40)), FORGED, INVALID, MALFORMED])
            for _ in range(count)
        ]
        held = records(bodies, 100_000 * place, arrivals)
        for row in range(dice.randrange(count), count):  # the rest are members of one aggregate
            held.sequence_numbers[row] = held.sequence_numbers[count - 1]
            held.sub_sequence_numbers[row] = row
        cuts = sorted(dice.sample(range(1, count), 3))
        bounds = zip([0, *cuts], [*cuts, count], strict=True)
        feed[shard] = [held[low:high] for low, high in bounds]
    return feed


@pytest.mark.parametrize("seed", soaked(range(12), 3))
def test_live_and_replay_give_the_same_bytes_whatever_crashes(seed: int) -> None:
    feed = a_day(seed)
    dice, theatre = random.Random(seed), Theatre()
    alive = dict.fromkeys(feed, True)
    for shard, pages in feed.items():
        while alive[shard]:
            theatre.stage.crash_before = len(theatre.stage.effects) + dice.randrange(1, 9)
            with suppress(CrashError):
                live = Processor(
                    Chain(theatre.stage, shard),
                    Limits(dice.randrange(1, 12), 10**9, 10**6),
                    lambda _: None,
                    judgement=theatre.judgement,
                    announce=theatre.catalog.add_live,
                )
                for page in pages:
                    live.receive(page)
                live.finish()
                alive[shard] = False
    theatre.stage.crash_before = 0
    theatre.seal.seal(THE_DAY)
    sealed = theatre.shown()
    bytes_before = [theatre.stage.get(key) for key in theatre.keys("reports")]
    theatre.seal.seal(THE_DAY, anew=True)
    for _ in range(100):
        theatre.stage.crash_after = len(theatre.stage.effects) + dice.randrange(1, 15)
        with suppress(CrashError):
            (done,) = run(theatre, feed)
            break
    theatre.stage.crash_after = 0
    theatre.check_run()
    assert done.changes == []
    assert same(theatre.shown(), sealed)
    assert [theatre.stage.get(key) for key in theatre.keys("reports")] == bytes_before
    assert Counter(theatre.rows("rejects")["reason"]).keys() >= {"malformed", "invalid", "fraud", "duplicate"}


def test_a_deployment_that_moves_to_a_child_counts_once_in_both() -> None:
    child = replace(THIRD, ancestors=(SHARD.shard_id,))
    feed: Feed = {SHARD: [records([body(1)])], child: [records([body(1), body(2)], 50)]}
    theatre = Theatre().fill(feed)
    assert len(theatre.rows("reports")) == 2
    (done,) = run(theatre, feed)
    assert done.changes == []
