"""A shard's life in a replay: only what arrived in a span of days is settled."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stream_worker.shard_life.processor import Processor

if TYPE_CHECKING:
    from collections.abc import Callable

    from stream_worker.judging.judgement import Judgement
    from stream_worker.lake.chain import Chain
    from stream_worker.process.limits import Limits
    from stream_worker.shard_life.processor import Checkpoint
    from stream_worker.shard_life.pulse import Pulse
    from stream_worker.stream.records import Records
    from stream_worker.stream.span import Span


class SpannedProcessor(Processor):
    """A processor that ignores records outside of `span`."""

    def __init__(  # noqa: PLR0913 - a processor's, and the span
        self,
        span: Span,
        chain: Chain,
        limits: Limits,
        checkpoint: Checkpoint,
        clock: Callable[[], float],
        *,
        pulse: Pulse | None,
        judgement: Judgement,
    ) -> None:
        super().__init__(chain, limits, checkpoint, clock, pulse=pulse, judgement=judgement)
        self._span = span

    def receive(self, records: Records, milliseconds_behind: int = 0) -> None:
        """Take those of the records that arrived in the span."""
        within = self._span.of(records)
        if len(within):
            super().receive(within, milliseconds_behind)
        else:
            self.tick(milliseconds_behind)
