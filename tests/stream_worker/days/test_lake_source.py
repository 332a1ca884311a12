"""The lake gives the records back that the stream has forgotten: the rows are those of the stream."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from stream_worker.days.completeness import Proven
from stream_worker.days.lake_source import LakeSource
from stream_worker.days.replay import Replay
from stream_worker.lake.chain import Chain
from stream_worker.lake.committed import read_day
from stream_worker.lake.keys import LIVE
from stream_worker.process.errors import RefusedError, WorkerError
from stream_worker.process.limits import Limits
from stream_worker.process.problem import Kind, Problem
from stream_worker.process.stop import Stop
from stream_worker.shard_life.processor import Processor
from tests.support.worker.samples import FORGED, INVALID, MALFORMED, SHARD, body, records
from tests.support.worker.sealing import (
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

if TYPE_CHECKING:
    from collections.abc import Callable

    from stream_worker.days.replay import Replayed
    from stream_worker.process.progress import Move
    from stream_worker.stream.shard import Shard
    from stream_worker.stream.span import Span

CHILD = replace(THIRD, ancestors=(SHARD.shard_id,))


def from_lake(theatre: Theatre, stop: Stop | None = None, *, stream: bool = True) -> Replay:
    def make_processor(shard: Shard, target: str, _span: Span, _move: Move) -> Processor:
        chain = Chain(theatre.stage, shard, target)
        return Processor(chain, Limits(7, 10**9, 10**6), lambda _: None, judgement=theatre.judgement)

    shards = {(shard.epoch, shard.shard_id): shard for shard in (SHARD, OTHER, CHILD)}
    prove = theatre.proofs.prove
    source = LakeSource(
        theatre.stage,
        theatre.publication,
        shards,
        make_processor,
        stop or Stop(),
        proofs=prove if stream else None,
    )
    return Replay(theatre.stage, theatre.publication, theatre.runs, source, theatre.tick)


def run(theatre: Theatre) -> Replayed:
    (done,) = from_lake(theatre).replay(SPAN)
    return done


@pytest.fixture
def theatre() -> Theatre:
    feed = usual() | {CHILD: [records([body(1), body(99), MALFORMED, FORGED, INVALID, body(99)], 5000)]}
    return Theatre().fill(feed)


def test_rows_from_the_lake_are_those_of_the_stream_rejected_ones_too(theatre: Theatre) -> None:
    sealed = theatre.seal.seal(THE_DAY).manifest
    shown = theatre.shown()
    done = run(theatre)
    assert done.changes == []
    assert done.switched
    assert same(theatre.shown(), shown)
    assert set(Counter(shown["rejects"]["reason"])) == {"malformed", "invalid", "fraud", "duplicate"}
    assert {source.proof for source in done.manifest.sources} == {"lake"}
    theatre.check_run()
    assert theatre.publication.roll_back(THE_DAY, theatre.tick()) == sealed.run
    assert theatre.publication.roll_back(THE_DAY, theatre.tick(), done.manifest.run) == done.manifest.run
    assert same(theatre.shown(), shown)


def steps() -> int:
    theatre = Theatre().fill(usual())
    run(theatre)
    return len(theatre.stage.effects)


@pytest.mark.parametrize(("when", "step"), crash_points(steps()))
def test_cut_off_anywhere_it_goes_on_and_readers_see_old_or_new(when: str, step: int) -> None:
    theatre = Theatre().fill(usual())
    theatre.seal.seal(THE_DAY)
    theatre.stage.effects.clear()
    shown = theatre.shown()
    crashed(theatre, when, step, lambda: run(theatre))
    assert same(theatre.shown(), shown)
    assert run(theatre).changes == []
    assert same(theatre.shown(), shown)
    theatre.check_run()


def test_asked_to_stop_it_commits_and_goes_on_later(theatre: Theatre) -> None:
    stop = Stop()
    stop.set()
    with pytest.raises(WorkerError, match="run the same command again"):
        list(from_lake(theatre, stop).replay(SPAN))
    assert theatre.publication.all_shown(THE_DAY) == {LIVE}
    assert run(theatre).switched


def lose_segment(theatre: Theatre) -> None:
    theatre.stage.delete([next(iter(theatre.stage.keys("reports/live/")))])


def damage_rejects(theatre: Theatre) -> None:
    key = next(iter(theatre.stage.keys("rejects/live/")))
    held, metadata = theatre.stage.objects[key]
    theatre.stage.objects[key] = (held[:-30], metadata)


def put_foreign(theatre: Theatre) -> None:
    theatre.stage.put_new("reports/live/dt=2026-11-22/x", b"", {})


def expire_live(theatre: Theatre) -> None:
    theatre.seal.seal(THE_DAY)
    theatre.stage.delete([key for key in theatre.stage.objects if "/live/" in key])


def expire_rejects(theatre: Theatre) -> None:
    theatre.seal.seal(THE_DAY)
    theatre.stage.delete([key for key in theatre.stage.objects if key.startswith("rejects/")])


def expire_one(theatre: Theatre) -> None:
    theatre.stage.delete([next(iter(theatre.stage.keys("rejects/live/")))])


@pytest.mark.parametrize(
    ("harm", "what"),
    [
        (lose_segment, "missing"),
        (damage_rejects, "damaged"),
        (put_foreign, "foreign"),
        (expire_live, "are gone, only sealed runs are left"),
        (expire_rejects, "4 of 4 segments .* only accepted rows are left"),
        (expire_one, "1 of 4 segments .* only accepted rows are left"),
    ],
)
def test_what_is_not_whole_is_refused(harm: Callable[[Theatre], None], what: str, theatre: Theatre) -> None:
    harm(theatre)
    before = dict(theatre.catalog.locations)
    with pytest.raises(RefusedError, match=what):
        run(theatre)
    assert theatre.catalog.locations == before


def test_expired_rejects_are_refused_before_anything_is_written(theatre: Theatre) -> None:
    expire_rejects(theatre)
    before = set(theatre.stage.objects)
    with pytest.raises(RefusedError, match="--source stream"):
        run(theatre)
    assert set(theatre.stage.objects) == before


def test_a_day_on_which_nothing_was_rejected_has_nothing_to_expire() -> None:
    theatre = Theatre().fill({SHARD: [records([body(number) for number in range(25)])]})
    theatre.seal.seal(THE_DAY)
    theatre.stage.delete([key for key in theatre.stage.objects if key.startswith("rejects/live/")])
    assert run(theatre).changes == []


def test_what_readers_saw_before_cannot_be_compared_once_its_rejects_have_expired(theatre: Theatre) -> None:
    theatre.seal.seal(THE_DAY)
    theatre.stage.delete([key for key in theatre.stage.objects if key.startswith("rejects/sealed/")])
    done = run(theatre)
    assert (done.changes, done.switched) == (None, True)
    theatre.check_run()


def test_segments_that_came_since_make_another_replay(theatre: Theatre) -> None:
    first = run(theatre).manifest
    theatre.fill({OTHER: [records([body(700)], 9000)]})
    second = run(theatre).manifest
    assert (second.records, second.replaces) == (first.records + 1, first.run)


BEHIND = Problem("lag: from here on the shard is not committed", SHARD.shard_id, "4959", kind=Kind.LAG)
FORGOTTEN = Problem("gap: the stream has forgotten", SHARD.shard_id, "4959", kind=Kind.FORGOTTEN)


@pytest.mark.parametrize(("lag", "what"), [(BEHIND, "has caught up"), (FORGOTTEN, "cannot be proven whole")])
def test_a_day_that_is_not_committed_whole_is_refused_and_sealed_later(
    lag: Problem, what: str, theatre: Theatre
) -> None:
    theatre.proofs.lags.append(Proven(SHARD.epoch, SHARD.shard_id, None, lag))
    before = set(theatre.stage.objects)
    with pytest.raises(RefusedError, match=what) as refused:
        run(theatre)
    assert refused.value.problems == (lag,)
    assert theatre.publication.all_shown(THE_DAY) == {LIVE}
    assert set(theatre.stage.objects) == before
    theatre.proofs.lags.clear()
    theatre.fill({SHARD: [records([body(700)], 9000)]})
    assert theatre.seal.unsealed() == [THE_DAY]
    assert theatre.seal.seal(THE_DAY).manifest.records == sum(
        read_day(theatre.stage, LIVE, THE_DAY).outcomes.values()
    )


def test_a_day_that_was_sealed_is_replayed_without_the_stream_and_another_is_not(theatre: Theatre) -> None:
    with pytest.raises(RefusedError, match="never sealed"):
        list(from_lake(theatre, stream=False).replay(SPAN))
    theatre.seal.seal(THE_DAY)
    (done,) = from_lake(theatre, stream=False).replay(SPAN)
    assert done.switched


def test_a_run_that_was_made_of_the_lake_is_no_proof_for_another(theatre: Theatre) -> None:
    run(theatre)
    with pytest.raises(RefusedError, match="never sealed"):
        list(from_lake(theatre, stream=False).replay(SPAN))


def test_a_day_of_which_a_run_has_more_than_is_live_is_refused() -> None:
    theatre = Theatre().fill(usual())
    feed = usual() | {SHARD: [*usual()[SHARD], records([body(800)], first=500)]}
    (more,) = theatre.replay(feed).replay(SPAN)
    with pytest.raises(RefusedError, match="not all that there is") as refused:
        run(theatre)
    assert [problem.shard_id for problem in refused.value.problems] == [SHARD.shard_id]
    assert theatre.publication.all_shown(THE_DAY) == {more.manifest.run}
