"""A shard's owner, called as the daemon calls it; every effect stands in one list, in its order."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pytest
import structlog
from amazon_kclpy.checkpoint_error import CheckpointError
from amazon_kclpy.dispatch import message_decode

from stream_worker.engines.kcl.shard_owner import ShardOwner
from stream_worker.lake.chain import Chain
from stream_worker.process.errors import OutageError
from stream_worker.process.limits import Limits
from stream_worker.shard_life.processor import Processor
from stream_worker.stream.records import LATEST, START, Position, Records
from stream_worker.stream.shard import Shard
from tests.support import truth
from tests.support.worker.daemon_lines import (
    LEASE_LOST,
    SHARD_ENDED,
    SHUTDOWN_REQUESTED,
    initialize,
    process_records,
)
from tests.support.worker.samples import FIRST, MALFORMED, SHARD, body, records
from tests.support.worker.stage import Stage

if TYPE_CHECKING:
    from stream_worker.shard_life.processor import Checkpoint
    from tests.support.worker.daemon_lines import Message

LIMITS = Limits(records=4, bytes=10**6, seconds=60)
FOUR = [body(1), MALFORMED, body(2), body(3)]
PUTS = ["rejects put", "chains put", "chains put", "reports put"]
LATER = ["ThrottlingException", "KinesisClientLibDependencyException", "RuntimeException"]


@dataclass
class Daemon:
    """Calls an owner with messages, and answers its checkpoints with `refusals` while there are any."""

    stage: Stage = field(default_factory=Stage)
    refusals: list[str] = field(default_factory=list)
    pauses: list[float] = field(default_factory=list)
    begun: list[tuple[str, Position]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.owner = ShardOwner(self._make_processor, self.pauses.append)

    def _make_processor(self, shard_id: str, checkpointed: Position, checkpoint: Checkpoint) -> Processor:
        self.begun.append((shard_id, checkpointed))
        chain = Chain(self.stage, Shard(SHARD.epoch, shard_id))
        clock = lambda: self.stage.now  # noqa: E731 - the stage's time
        return Processor(chain, LIMITS, checkpoint, clock, checkpointed=checkpointed)

    def checkpoint(self, number: str | None = None, sub_number: int | None = None) -> None:
        """Be the checkpointer: kclpy's has this one method."""
        refusal = self.refusals.pop(0) if self.refusals else None
        place = "end" if number is None else f"{int(number) - FIRST}.{sub_number}"
        self.stage.effects.append(f"checkpoint {place}" + (f": {refusal}" if refusal else ""))
        if refusal:
            raise CheckpointError(refusal)

    def tell(self, *messages: Message) -> list[str]:
        """Call the owner with these messages; return all effects so far."""
        for message in messages:
            message_decode(message).dispatch(self, self.owner)
        return self.stage.effects


def begun(*refusals: str) -> Daemon:
    daemon = Daemon(refusals=list(refusals))
    daemon.tell(initialize(SHARD.shard_id))
    return daemon


@pytest.mark.parametrize(
    ("number", "sub_number", "checkpointed"),
    [
        ("TRIM_HORIZON", 0, START),
        ("LATEST", 0, LATEST),
        (None, None, START),
        (str(FIRST), 0, Position(FIRST)),
        (str(FIRST), None, Position(FIRST)),
        (str(FIRST), 7, Position(FIRST, 7)),
    ],
)
def test_it_begins_after_the_daemons_checkpoint(
    number: str | None, sub_number: int | None, checkpointed: Position
) -> None:
    daemon = Daemon()
    assert not daemon.owner.holds_a_shard
    daemon.tell(initialize(SHARD.shard_id, number, sub_number))
    assert daemon.begun == [(SHARD.shard_id, checkpointed)]
    assert daemon.owner.holds_a_shard


def test_a_batch_is_put_then_checkpointed_by_sequence_and_sub_sequence_number() -> None:
    assert begun().tell(process_records(records(FOUR))) == [*PUTS, "checkpoint 3.0"]


def test_a_checkpoint_within_an_aggregate_names_its_member() -> None:
    held = Records([body(n) for n in range(4)], ["k"] * 4, [str(FIRST)] * 4, [0, 1, 2, 3], [1] * 4)
    assert begun().tell(process_records(held))[-1] == "checkpoint 0.3"


def test_what_is_not_due_waits_for_a_call_with_nothing_when_it_is() -> None:
    daemon, nothing = begun(), process_records(Records(), None)
    assert daemon.tell(process_records(records(FOUR[:1])), nothing) == []
    daemon.stage.now = 60
    assert daemon.tell(nothing) == [*PUTS[1:], "checkpoint 0.0"]


@pytest.mark.parametrize("refusal", LATER)
def test_a_checkpoint_that_may_succeed_later_is_tried_again_after_a_pause(refusal: str) -> None:
    daemon = begun(refusal, refusal)
    told = f"checkpoint 3.0: {refusal}"
    assert daemon.tell(process_records(records(FOUR))) == [*PUTS, told, told, "checkpoint 3.0"]
    assert len(daemon.pauses) == 2


def test_after_three_tries_a_checkpoint_is_skipped_and_the_next_one_covers_it() -> None:
    daemon = begun(*["ThrottlingException"] * 3)
    with structlog.testing.capture_logs() as lines:
        daemon.tell(process_records(records(FOUR)))
    assert [line["event"] for line in lines][-1] == "checkpoint.skipped"
    assert daemon.tell(process_records(records(FOUR, first=4)))[-2:] == ["reports put", "checkpoint 7.0"]


def test_pauses_are_random_and_grow_to_some_seconds() -> None:
    daemons = [begun(*["ThrottlingException"] * 29) for _ in range(40)]
    for daemon in daemons:
        daemon.tell(SHARD_ENDED)
    longest = [max(daemon.pauses[attempt] for daemon in daemons) for attempt in range(29)]
    assert all(pause <= min(0.2 * 2**attempt, 4) for attempt, pause in enumerate(longest))
    assert len({daemon.pauses[0] for daemon in daemons}) > 1
    assert longest[-1] > 2


def test_a_lease_that_is_gone_drops_the_buffer_and_nothing_more_is_committed() -> None:
    daemon = begun("ShutdownException")
    six = [*FOUR, body(4), body(5)]
    gone = [*PUTS, "checkpoint 3.0: ShutdownException"]
    assert daemon.tell(process_records(records(six))) == gone
    assert not daemon.owner.holds_a_shard
    assert daemon.tell(process_records(records(FOUR, first=6)), LEASE_LOST, SHUTDOWN_REQUESTED) == gone


@pytest.mark.parametrize("refusal", ["InvalidStateException", "IllegalArgumentException", "NewException"])
def test_any_other_refusal_leaves_the_call(refusal: str) -> None:
    with pytest.raises(OutageError, match=refusal):
        begun(refusal).tell(process_records(records(FOUR)))


@pytest.mark.parametrize("refusal", ["InvalidStateException", "IllegalArgumentException", "NewException"])
def test_any_other_refusal_of_the_shards_end_leaves_the_call(refusal: str) -> None:
    with pytest.raises(OutageError, match=refusal):
        begun(refusal).tell(SHARD_ENDED)


def test_the_end_of_a_shard_is_committed_checkpointed_and_then_said() -> None:
    daemon = begun()
    effects = daemon.tell(process_records(records(FOUR[:2])), SHARD_ENDED)
    assert effects == [*PUTS, "checkpoint 1.0", "checkpoint end"]
    assert not daemon.owner.holds_a_shard


def test_the_end_of_a_shard_is_said_though_the_checkpoint_before_it_was_skipped() -> None:
    daemon = begun(*["ThrottlingException"] * 3)
    assert daemon.tell(process_records(records(FOUR[:2])), SHARD_ENDED)[-1] == "checkpoint end"


def test_an_end_that_can_never_be_said_ends_the_process() -> None:
    daemon = begun(*["ThrottlingException"] * 30)
    with pytest.raises(OutageError, match="the end of a shard could not be checkpointed"):
        daemon.tell(SHARD_ENDED)
    assert not daemon.refusals


def test_the_end_of_a_shard_that_another_worker_has_is_left_to_it() -> None:
    daemon = begun("ShutdownException")
    assert daemon.tell(SHARD_ENDED) == ["checkpoint end: ShutdownException"]
    assert not daemon.owner.holds_a_shard


def test_the_end_is_never_said_of_a_shard_whose_records_were_dropped() -> None:
    daemon = begun("ShutdownException")
    daemon.tell(process_records(records([*FOUR, body(4)])))
    with pytest.raises(OutageError, match="ended after this worker lost its lease"):
        daemon.tell(SHARD_ENDED)
    assert "checkpoint end" not in daemon.stage.effects


def test_the_end_is_never_said_of_a_shard_whose_records_were_passed_over() -> None:
    daemon = begun()
    daemon.tell(SHUTDOWN_REQUESTED, process_records(records(FOUR)))
    with pytest.raises(OutageError, match="ended after this worker lost its lease"):
        daemon.tell(SHARD_ENDED)
    assert daemon.stage.effects == []


def test_a_stop_commits_and_an_end_after_it_is_said() -> None:
    daemon = begun()
    effects = daemon.tell(process_records(records(FOUR[:2])), SHUTDOWN_REQUESTED)
    assert effects == [*PUTS, "checkpoint 1.0"]
    assert not daemon.owner.holds_a_shard
    assert daemon.tell(process_records(Records()), SHARD_ENDED)[-1] == "checkpoint end"
    assert truth.read(daemon.stage).outcomes == {"accepted": 1, "malformed": 1}


def test_a_lost_lease_drops_what_is_not_committed() -> None:
    daemon = begun()
    assert daemon.tell(process_records(records(FOUR[:2])), LEASE_LOST) == []
    assert not daemon.owner.holds_a_shard


def test_a_former_owners_commit_without_a_checkpoint_is_checkpointed_as_it_comes_by() -> None:
    stage = Stage()
    stage.processor(LIMITS).receive(records(FOUR))
    again = Daemon(stage)
    stage.effects.clear()
    messages = [process_records(records(FOUR)[row : row + 2]) for row in (0, 2)]
    assert again.tell(initialize(SHARD.shard_id), *messages) == ["checkpoint 1.0", "checkpoint 3.0"]
