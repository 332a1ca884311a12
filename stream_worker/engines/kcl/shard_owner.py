"""A shard's owner as the daemon knows it: passes its calls to the processor and maps its errors."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final

import structlog
from amazon_kclpy.checkpoint_error import CheckpointError
from amazon_kclpy.v3.processor import RecordProcessorBase

from stream_worker.engines.kcl.protocol import to_records
from stream_worker.process.errors import OutageError
from stream_worker.stream.records import LATEST, START, Position
from stream_worker.stream.tip import Tip

if TYPE_CHECKING:
    from collections.abc import Iterator

    from amazon_kclpy.kcl import Checkpointer

    from stream_worker.shard_life.processor import Checkpoint, Processor

MakeProcessor = Callable[[str, Position, "Checkpoint"], "Processor"]
"""Makes a shard's processor from its id, the daemon's checkpoint, and how to take checkpoints."""

_TRIES: Final = 3
_LAST_TRIES: Final = 30  # a minute: without the checkpoint of a shard's end, its children never start
_LONGEST_PAUSE: Final = 4.0  # seconds
_LATER: Final = frozenset({"ThrottlingException", "KinesisClientLibDependencyException", "RuntimeException"})
"""Errors to retry. The library has no name for an unreachable DynamoDB: it is the last one."""

_GONE: Final = "ShutdownException"

log = structlog.get_logger("kcl")


class LeaseGoneError(Exception):
    """Another worker has the shard."""


class ShardOwner(RecordProcessorBase):  # type: ignore[misc] # amazon_kclpy is untyped
    """Owns one shard from `initialize` until its lease is lost, its end is reached or a stop is asked for."""

    version = 3

    def __init__(self, make_processor: MakeProcessor, sleep: Callable[[float], None] = time.sleep) -> None:
        self._make_processor = make_processor
        self._sleep = sleep
        self._processor: Processor | None = None
        self._passed_over = False
        self._tip = Tip()
        self._checkpointer: Checkpointer | None = None

    @property
    def holds_a_shard(self) -> bool:
        """True while it has a shard that it has neither finished nor lost."""
        return self._processor is not None

    def initialize(self, given: Any) -> None:  # noqa: ANN401 - amazon_kclpy is untyped
        """Start with a shard, after the daemon's checkpoint."""
        number = given.sequence_number or ""
        if number.isdecimal():
            checkpointed = Position(int(number), given.sub_sequence_number or 0)
        else:
            checkpointed = LATEST if number == "LATEST" else START
        self._processor = self._make_processor(given.shard_id, checkpointed, self._checkpoint)

    def process_records(self, given: Any) -> None:  # noqa: ANN401 - as above
        """Settle a batch; an empty one comes when the shard is quiet."""
        if self._processor is None:  # the lease is lost, but the daemon does not know yet
            self._passed_over |= len(given.records) > 0
            return
        self._checkpointer = given.checkpointer
        records, delivered = to_records(given.records), len(given.records)
        given.records.clear()  # base64 of all bodies, which would stay in memory until they are settled
        with self._abandoning_when_lost():
            behind = given.millis_behind_latest
            self._processor.receive(records, behind or 0)
            if self._tip.reached(delivered, 1 if behind is None else behind):
                self._processor.reach_tip()

    def lease_lost(self, _given: Any) -> None:  # noqa: ANN401 - as above
        """Forget what is not committed."""
        self._abandon()

    def shard_ended(self, given: Any) -> None:  # noqa: ANN401 - as above
        """Commit everything, then checkpoint the end: only that lets the shard's children start."""
        if self._passed_over:
            raise OutageError(
                "the shard ended after this worker lost its lease. Restart the worker: the next"
                " owner reads the remaining records"
            )
        with self._abandoning_when_lost():
            self._finish(given.checkpointer, ended=True)
            if not self._try(given.checkpointer.checkpoint, _LAST_TRIES):
                raise OutageError(
                    "the end of a shard could not be checkpointed. Restart the worker: it tries again"
                )

    def shutdown_requested(self, given: Any) -> None:  # noqa: ANN401 - as above
        """Commit everything: the worker is asked to stop."""
        with self._abandoning_when_lost():
            self._finish(given.checkpointer)

    @contextmanager
    def _abandoning_when_lost(self) -> Iterator[None]:
        """Abandon the shard if it turns out that another worker has its lease."""
        try:
            yield
        except LeaseGoneError:
            self._abandon()

    def _finish(self, checkpointer: Checkpointer, *, ended: bool = False) -> None:
        self._checkpointer = checkpointer
        if self._processor is not None:
            self._processor.finish(ended=ended)
            self._processor = None

    def _abandon(self) -> None:
        if self._processor is not None:
            self._processor.abandon()
            self._processor = None
            self._passed_over = True

    def _checkpoint(self, position: Position) -> None:
        checkpointer = self._checkpointer
        if checkpointer is None:
            raise RuntimeError("a checkpoint is possible only during a call of the daemon")
        number, sub_number = str(position.sequence_number), position.sub_sequence_number
        if not self._try(lambda: checkpointer.checkpoint(number, sub_number), _TRIES):
            note = "nothing is lost: they are read again if the worker restarts before the next checkpoint"
            log.warning("checkpoint.skipped", position=str(position), note=note)

    def _try(self, checkpoint: Callable[[], None], tries: int) -> bool:
        """Return whether a checkpoint was taken; raise `LeaseGoneError` if another worker has the shard."""
        for attempt in range(tries):
            try:
                checkpoint()
            except CheckpointError as error:
                if error.value == _GONE:
                    raise LeaseGoneError from error
                if error.value not in _LATER:
                    raise OutageError(
                        f"the daemon refused a checkpoint ({error.value}): start the worker again"
                    ) from error
                log.warning("checkpoint.delayed", error=error.value, attempt=attempt + 1)
                self._sleep(random.uniform(0, min(0.2 * 2**attempt, _LONGEST_PAUSE)))  # noqa: S311 - jitter
            else:
                return True
        return False
