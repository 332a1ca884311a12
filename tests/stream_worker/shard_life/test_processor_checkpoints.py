"""What a processor checkpoints, and what it tells of itself, when engines and owners change."""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest
import structlog

from stream_worker.lake.chain import Chain
from stream_worker.process.limits import Limits
from stream_worker.shard_life.processor import Processor
from stream_worker.shard_life.pulse import Uncommitted
from stream_worker.stream.records import START, Position, Records
from tests.support.worker.samples import FIRST, NOON, SHARD, body, records
from tests.support.worker.stage import CrashError, Stage

LIMITS = Limits(records=4, bytes=10**6, seconds=60)
ALL = records([body(number) for number in range(12)])


@dataclass
class Patient:
    """A pulse that keeps what it is told."""

    beats: list[tuple[Uncommitted, int]] = field(default_factory=list)
    stops: int = 0

    def beat(self, uncommitted: Uncommitted, received: int = 0) -> None:
        self.beats.append((uncommitted, received))

    def stop(self) -> None:
        self.stops += 1
        structlog.get_logger().info("pulse.stopped")


@dataclass
class Owner:
    """An owner whose engine has read up to `delivered`, and refuses checkpoints beyond that."""

    stage: Stage
    checkpointed: Position = START
    limits: Limits = LIMITS
    delivered: Position = START
    checkpoints: list[int] = field(default_factory=list)
    pulse: Patient = field(default_factory=Patient)

    def __post_init__(self) -> None:
        self.processor = Processor(
            Chain(self.stage, SHARD),
            self.limits,
            self._checkpoint,
            lambda: self.stage.now,
            checkpointed=self.checkpointed,
            pulse=self.pulse,
        )

    def receive(self, start: int, stop: int, behind: int = 0) -> None:
        held = ALL[start:stop]
        self.delivered = held.position(-1)
        self.processor.receive(held, behind)

    def _checkpoint(self, position: Position) -> None:
        assert position <= self.delivered, "the engine has not delivered it yet"
        self.checkpoints.append(position.sequence_number - FIRST)


def at(number: int) -> Position:
    return Position(FIRST + number)


def starts(stage: Stage) -> list[str]:
    return sorted(key.rpartition("/")[2].split(".")[2] for key in stage.keys("reports/"))


def test_what_another_owner_committed_is_checkpointed_as_far_as_it_is_delivered() -> None:
    stage = Stage()
    late = Owner(stage)
    Owner(stage).receive(0, 8)
    late.receive(0, 2)  # less than is due
    late.processor.finish()  # and finds the other's segments, up to 7
    assert late.processor.end == at(7)
    assert late.checkpoints == []  # it was several steps behind: what comes by is checkpointed then
    late.receive(2, 3)
    late.receive(3, 4)
    assert late.checkpoints == [2, 3]


def test_committed_records_that_come_by_again_are_checkpointed_and_not_settled() -> None:
    stage = Stage()
    Owner(stage).receive(0, 8)
    stage.effects.clear()
    again = Owner(stage)
    again.receive(0, 3)
    again.receive(3, 7)
    again.receive(7, 10)  # two of them are new, and not due
    assert again.checkpoints == [2, 6]
    again.processor.finish()
    assert again.checkpoints == [2, 6, 9]
    assert stage.effects == ["reports put"]


def test_a_batch_with_nothing_new_is_checkpointed_once() -> None:
    stage = Stage()
    Owner(stage).receive(0, 4)
    again = Owner(stage)
    again.receive(0, 4)
    again.processor.receive(Records())
    again.receive(0, 4)
    again.processor.finish()
    assert again.checkpoints == [3]


def test_what_the_engine_has_a_checkpoint_for_is_not_checkpointed_again() -> None:
    stage = Stage()
    Owner(stage).receive(0, 4)
    again = Owner(stage, checkpointed=at(3))
    again.processor.receive(Records())
    again.processor.finish()
    assert again.checkpoints == []
    with structlog.testing.capture_logs() as lines:
        Owner(stage, checkpointed=at(2)).receive(3, 4)
    assert [line["event"] for line in lines] == ["shard.started"]


def test_checkpoints_only_ever_go_forward() -> None:
    stage = Stage()
    owner = Owner(stage)
    for start in range(0, 12, 3):
        owner.receive(start, start + 3)
    owner.processor.finish()
    assert owner.checkpoints == [3, 7, 11]


def test_a_checkpoint_beyond_the_chain_is_a_gap_and_the_chain_goes_on_there() -> None:
    stage = Stage()
    Owner(stage).receive(0, 4)
    with structlog.testing.capture_logs() as lines:
        owner = Owner(stage, checkpointed=at(6))
    (gap,) = (line for line in lines if line["event"] == "shard.gap")
    assert gap.pop("note").startswith("segments are missing")
    assert gap == {
        "event": "shard.gap",
        "log_level": "warning",
        "shard_id": SHARD.shard_id,
        "committed": str(at(3)),
        "checkpointed": str(at(6)),
        "gaps": 1,
    }
    assert owner.processor.end == at(6)
    owner.receive(7, 11)
    assert starts(stage) == [str(at(3)), str(at(6)), "start"]  # a signpost, and the segment that it leads to
    assert owner.checkpoints == [10]


def test_a_gap_at_the_start_shows_in_the_chains_first_segment() -> None:
    stage = Stage()
    owner = Owner(stage, checkpointed=at(6))
    owner.receive(7, 8)
    owner.processor.finish()
    assert starts(stage) == [str(at(6)), "start"]  # the segment, and the signpost that leads to it
    assert Owner(stage, checkpointed=at(7)).processor.end == at(7)


@pytest.mark.parametrize("checkpointed", [START, at(0), at(3)])
def test_a_checkpoint_behind_the_chain_or_at_its_end_is_no_gap(checkpointed: Position) -> None:
    stage = Stage()
    Owner(stage).receive(0, 4)
    with structlog.testing.capture_logs() as lines:
        owner = Owner(stage, checkpointed=checkpointed)
    assert [line["event"] for line in lines] == ["shard.started"]
    assert owner.processor.end == at(3)


def test_a_gap_within_an_aggregate_is_one() -> None:
    stage = Stage()
    Owner(stage).receive(0, 4)
    with structlog.testing.capture_logs() as lines:
        Owner(stage, checkpointed=Position(FIRST + 3, 2))
    assert [line["event"] for line in lines] == ["shard.started", "shard.gap"]


def test_the_pulse_tells_of_the_oldest_record_before_and_after_a_commit() -> None:
    stage = Stage(now=100.0)
    owner = Owner(stage)
    owner.receive(0, 3, behind=70)
    waiting = Uncommitted(3, 0.0, NOON, 70)
    assert owner.pulse.beats == [(waiting, 3), (waiting, 0)]
    stage.now = 107.0
    owner.processor.tick(5)
    assert owner.pulse.beats[2:] == [(Uncommitted(3, 7.0, NOON, 5), 0)]
    owner.receive(3, 6)
    assert owner.pulse.beats[3:] == [
        (Uncommitted(6, 7.0, NOON, 0), 3),
        (Uncommitted(2, 0.0, NOON + 4, 0), 0),
    ]


def test_the_pulse_counts_committed_records_that_come_by_again_as_received() -> None:
    stage = Stage()
    Owner(stage).receive(0, 4)
    again = Owner(stage)
    again.receive(0, 4, behind=9)
    nothing = Uncommitted(milliseconds_behind=9)
    assert again.pulse.beats == [(nothing, 4), (nothing, 0)]


def test_the_pulse_of_a_quiet_shard_goes_on() -> None:
    owner = Owner(Stage())
    for _ in range(3):
        owner.processor.receive(Records(), 1)
    assert {beat for beat, _ in owner.pulse.beats} == {Uncommitted(milliseconds_behind=1)}
    assert len(owner.pulse.beats) >= 3


def test_the_pulse_stops_when_the_shard_is_finished_and_when_it_is_abandoned() -> None:
    finished, abandoned = Owner(Stage()), Owner(Stage())
    for owner in (finished, abandoned):
        owner.receive(0, 2)
        assert owner.pulse.stops == 0
    finished.processor.finish()
    abandoned.processor.abandon()
    assert (finished.pulse.stops, abandoned.pulse.stops) == (1, 1)


def test_the_pulse_stops_when_everything_else_is_done_and_said() -> None:
    for end in (Processor.finish, Processor.abandon):
        with structlog.testing.capture_logs() as lines:
            end(Owner(Stage()).processor)
        assert [line["event"] for line in lines][-1] == "pulse.stopped"


def test_the_pulse_does_not_stop_when_the_last_commit_fails() -> None:
    stage = Stage(crash_before=1)
    owner = Owner(stage)
    owner.receive(0, 2)
    with pytest.raises(CrashError):
        owner.processor.finish()
    assert owner.pulse.stops == 0
