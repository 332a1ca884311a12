"""Makes a shard's processor: the one place where its parts are put together."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

from stream_worker.judging.judgement import JUDGEMENT, Judgement
from stream_worker.lake.chain import Chain
from stream_worker.shard_life.processor import Processor
from stream_worker.shard_life.spanned import SpannedProcessor
from stream_worker.stream.records import START

if TYPE_CHECKING:
    from collections.abc import Callable

    from stream_worker.lake.store import Lake
    from stream_worker.process.limits import Limits
    from stream_worker.shard_life.continuity import Horizon
    from stream_worker.shard_life.processor import Announce, Checkpoint
    from stream_worker.shard_life.pulse import Pulse
    from stream_worker.stream.records import Position
    from stream_worker.stream.shard import Shard
    from stream_worker.stream.span import Span

_P = TypeVar("_P", bound=Processor)


def no_checkpoint(_: Position) -> None:
    """Keep none, for an engine without checkpoints: the next owner continues where the lake's chain ends."""


@dataclass(frozen=True, slots=True)
class Assembly:
    """Makes the processors of one process.

    `clock` returns steady seconds. `while_waiting` registers what is called during a long wait for the lake
    (see `S3Lake.while_waiting`); it keeps every processor that was made.
    """

    lake: Lake
    limits: Limits
    judgement: Judgement = JUDGEMENT
    clock: Callable[[], float] = time.monotonic
    while_waiting: Callable[[Callable[[], None]], None] = lambda _: None

    def live(  # noqa: PLR0913 - what differs between engines
        self,
        shard: Shard,
        announce: Announce,
        horizon: Horizon | None,
        *,
        checkpoint: Checkpoint = no_checkpoint,
        checkpointed: Position = START,
        pulse: Pulse | None = None,
    ) -> Processor:
        """Return a processor that commits to the live generation; see `Processor` for the arguments."""
        return self._registered(
            Processor(
                Chain(self.lake, shard),
                self.limits,
                checkpoint,
                self.clock,
                checkpointed=checkpointed,
                horizon=horizon,
                pulse=pulse,
                announce=announce,
                judgement=self.judgement,
            )
        )

    def replay(
        self,
        shard: Shard,
        generation: str,
        span: Span,
        *,
        checkpoint: Checkpoint = no_checkpoint,
        pulse: Pulse | None = None,
    ) -> SpannedProcessor:
        """Return a processor that commits what arrived in `span` to another generation than the live one."""
        chain, judgement = Chain(self.lake, shard, generation), self.judgement
        return self._registered(
            SpannedProcessor(
                span, chain, self.limits, checkpoint, self.clock, pulse=pulse, judgement=judgement
            )
        )

    def _registered(self, processor: _P) -> _P:
        self.while_waiting(processor.still_here)
        return processor
