from collections.abc import Iterator
from datetime import date, timedelta

import pytest

from stream_worker.lake.chain import Chain, Tail
from stream_worker.process.limits import Limits
from stream_worker.stream.records import START, Position, Records
from stream_worker.stream.shard import Shard
from tests.support import truth
from tests.support.worker.samples import (
    FIRST,
    FORGED,
    INVALID,
    MALFORMED,
    MIDNIGHT,
    NOON,
    SHARD,
    body,
    nonce,
    records,
)
from tests.support.worker.stage import CrashError, Stage

LIMITS = Limits(records=4, bytes=10**6, seconds=60)
BODIES = [body(1), MALFORMED, body(2), body(1), INVALID, body(3), FORGED, body(2), body(4), body(5)]
EXPECTED = {"accepted": 5, "malformed": 1, "invalid": 1, "fraud": 1, "duplicate": 2}


def deliver(stage: Stage, limits: Limits = LIMITS, bodies: list[bytes] = BODIES) -> None:
    """Read the whole shard from where it was checkpointed, as an engine does, three records at a time."""
    processor = stage.processor(limits)
    held = records(bodies)
    unread = held.after(stage.checkpoint) if stage.checkpoint else held
    for start in range(0, len(unread), 3):
        processor.receive(unread[start : start + 3])
    processor.finish()


def check(stage: Stage, bodies: list[bytes] = BODIES) -> truth.Truth:
    found = truth.read(stage)
    assert [number for _, number in found.positions] == [FIRST + place for place in range(len(bodies))]
    assert found.reports["stack_id"].is_unique().all()
    found.check_sums()
    return found


def test_rejects_are_put_then_the_segment_then_the_checkpoint_is_taken() -> None:
    stage = Stage()
    deliver(stage)
    step = ["reports put", "checkpoint"]
    begin = ["chains put", "chains put"]  # the stream's and the shard's, once and for all
    assert stage.effects == ["rejects put", *begin, *step, "rejects put", *step, *step]
    assert check(stage).outcomes == EXPECTED
    assert stage.checkpoint == Position(FIRST + len(BODIES) - 1)


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("effect", range(1, 11))
def test_a_crash_around_any_effect_loses_nothing_and_doubles_nothing(effect: int, when: str) -> None:
    stage = Stage()
    setattr(stage, f"crash_{when}", effect)
    with pytest.raises(CrashError):
        deliver(stage)
    deliver(stage)
    assert check(stage).outcomes == EXPECTED


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("first", range(1, 11))
@pytest.mark.parametrize("more", range(1, 5))
def test_a_second_crash_while_catching_up_changes_nothing(first: int, more: int, when: str) -> None:
    stage = Stage()
    setattr(stage, f"crash_{when}", first)
    with pytest.raises(CrashError):
        deliver(stage)
    setattr(stage, f"crash_{when}", len(stage.effects) + more)
    try:
        deliver(stage, Limits(records=2, bytes=10**6, seconds=60))
    except CrashError:
        deliver(stage, Limits(records=3, bytes=10**6, seconds=60))
    assert check(stage).outcomes == EXPECTED


def test_a_restart_without_a_checkpoint_reads_all_again_and_commits_the_rest() -> None:
    stage = Stage(crash_after=2)
    with pytest.raises(CrashError):
        deliver(stage)
    assert stage.checkpoint is None
    deliver(stage)
    assert check(stage).outcomes == EXPECTED


def test_it_starts_at_the_start_and_goes_on_where_the_chain_ends() -> None:
    stage = Stage()
    assert stage.processor(LIMITS).end == START
    deliver(stage)
    assert stage.processor(LIMITS).end == Position(FIRST + len(BODIES) - 1)


def test_a_deployment_counts_once_a_day_across_restarts_and_again_the_next_day() -> None:
    stage = Stage()
    first = stage.processor(LIMITS)
    first.receive(records([body(1)]))
    first.finish()
    second = stage.processor(LIMITS)
    second.receive(records([body(1), body(1)], first=1, arrivals=[MIDNIGHT - 1, MIDNIGHT]))
    second.finish()
    found = truth.read(stage)
    assert found.outcomes == {"accepted": 2, "duplicate": 1}
    days = [key.split("/")[2] for key in stage.keys("reports/")]  # two segments, the signpost, and a segment
    assert days == ["dt=2026-11-22"] * 3 + ["dt=2026-11-23"]


def test_stragglers_around_midnight_land_in_their_own_day_and_the_chain_stays_whole() -> None:
    arrivals = [MIDNIGHT - 2, MIDNIGHT, MIDNIGHT - 1, MIDNIGHT + 1, MIDNIGHT - 1]
    bodies = [body(number) for number in (1, 1, 1, 1, 2)]
    stage = Stage()
    for cut in range(6):  # a restart after each record: the chain's end may lie in the older day
        processor = stage.processor(LIMITS)
        processor.receive(records(bodies, arrivals=arrivals)[:cut])
        processor.finish()
    found = truth.read(stage)
    assert len(found.positions) == 5
    assert sorted(found.reports["stack_id"]) == sorted([nonce(1), nonce(1), nonce(2)])
    assert found.outcomes == {"accepted": 3, "duplicate": 2}


def test_age_alone_is_a_reason_to_commit_on_an_idle_shard() -> None:
    stage = Stage()
    processor = stage.processor(LIMITS)
    processor.receive(records([body(1)]))
    stage.now = 59.9
    processor.tick()
    assert stage.effects == []
    stage.now = 60
    processor.tick()
    assert stage.effects == ["chains put", "chains put", "reports put", "checkpoint"]


def test_an_abandoned_shard_commits_nothing_more() -> None:
    stage = Stage()
    processor = stage.processor(LIMITS)
    processor.receive(records([body(1)]))
    processor.abandon()
    processor.finish()
    assert stage.effects == []


def test_a_resharded_deployment_is_seen_in_the_parents_segments() -> None:
    stage = Stage()
    deliver(stage)
    child = Shard(SHARD.epoch, "shardId-000000000001", (SHARD.shard_id,))
    processor = stage.processor(LIMITS, child)
    processor.receive(records([body(1), body(6)], first=100))
    processor.finish()
    assert truth.read(stage).outcomes == EXPECTED | {"accepted": 6, "duplicate": 3}


def test_a_recreated_stream_does_not_meet_the_old_ones_segments() -> None:
    stage = Stage()
    deliver(stage)
    again = stage.processor(LIMITS, Shard(SHARD.epoch + 1, SHARD.shard_id))
    assert again.end == START


def test_a_shard_without_a_segment_is_known_as_such_without_looking_through_the_days() -> None:
    stage = Stage()
    deliver(stage)
    for number in range(100):
        stage.objects[f"reports/live/dt={date(2026, 1, 1) + timedelta(days=number)}/x"] = (b"", {})
    listed: list[str] = []

    class Counted(Stage):
        def keys(self, prefix: str) -> Iterator[str]:
            listed.append(prefix)
            return Stage.keys(self, prefix)

    idle = Chain(Counted(stage.objects), Shard(SHARD.epoch, "shardId-000000000001"))
    assert (idle.tail(), listed) == (Tail(), [])
    assert Chain(Counted(stage.objects), Shard(SHARD.epoch + 1, SHARD.shard_id)).tail() == Tail()
    assert len(listed) > 100, "of a stream whose beginnings are not noted each day is looked at"


def test_a_chain_of_before_its_beginning_was_noted_goes_on() -> None:
    stage = Stage()
    deliver(stage)
    for key in list(stage.keys("chains/")):
        del stage.objects[key]
    deliver(stage)
    child = stage.processor(LIMITS, Shard(SHARD.epoch, "shardId-000000000001"))
    child.receive(records([body(6)], first=100))
    child.finish()
    assert truth.read(stage).outcomes == EXPECTED | {"accepted": 6}
    notes = list(stage.keys("chains/"))
    assert notes == [f"chains/live/{SHARD.epoch}.shardId-000000000001"], (
        "the stream has chains without a note"
    )


def test_aggregates_are_cut_and_continued_between_their_members() -> None:
    stage = Stage()
    held = Records(
        [body(1), body(2), body(3)], ["k"] * 3, [str(FIRST)] * 3, [0, 1, 2], records([b""] * 3).arrivals
    )
    first = stage.processor(Limits(2, 10**6, 60))
    first.receive(held[:2])
    again = stage.processor(LIMITS)
    assert again.end == Position(FIRST, 1)
    again.receive(held)
    again.finish()
    assert truth.read(stage).outcomes == {"accepted": 3}


def test_no_checkpoint_is_taken_between_the_members_of_an_aggregate() -> None:
    stage = Stage()
    numbers, sub_numbers = [str(FIRST), *[str(FIRST + 1)] * 3], [0, 0, 1, 2]
    held = Records(list(map(body, range(4))), ["k"] * 4, numbers, sub_numbers, records([b""] * 4).arrivals)
    processor = stage.processor(Limits(1, 10**6, 60))
    processor.receive(held)
    checkpoints = stage.effects.count("checkpoint")
    assert (stage.effects.count("reports put"), checkpoints) == (4, 2)
    assert stage.checkpoint == Position(FIRST + 1, 2)


def test_a_chain_whose_end_is_a_stragglers_segment_is_continued_there() -> None:
    arrivals = [MIDNIGHT - 2, MIDNIGHT, MIDNIGHT - 1, MIDNIGHT + 5]
    held = records([body(number) for number in range(4)], arrivals=arrivals)
    stage = Stage()
    first = stage.processor(LIMITS)
    first.receive(held[:3])
    first.finish()
    assert stage.checkpoint
    second = stage.processor(LIMITS)
    second.receive(held.after(stage.checkpoint))  # as an engine does that keeps checkpoints
    second.finish()
    assert len(truth.read(stage).positions) == 4


def test_days_in_any_order_are_settled() -> None:
    arrivals = [NOON + days * 86_400_000 for days in (1, 2, 0, 2, 0, 1)]
    stage = Stage()
    processor = stage.processor(LIMITS)
    processor.receive(records([body(1)] * 6, arrivals=arrivals))
    processor.finish()
    assert truth.read(stage).outcomes == {"accepted": 3, "duplicate": 3}


def test_a_day_is_announced_with_each_commit_after_its_checkpoint_and_not_before() -> None:
    stage = Stage(crash_after=2)
    with pytest.raises(CrashError):
        deliver(stage)
    assert stage.announced == []
    processor = stage.processor(LIMITS)
    processor.receive(records([body(1), body(2), body(3)], first=4, arrivals=[MIDNIGHT - 1, MIDNIGHT, NOON]))
    processor.finish()
    today = date(2026, 11, 22)
    assert stage.announced == [today, today + timedelta(days=1), today]
