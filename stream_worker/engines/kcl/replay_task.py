"""What a replay passes to its child processes on their command line."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from datetime import date, timedelta

from stream_worker.judging.thresholds import Thresholds
from stream_worker.stream.span import Span


@dataclass(frozen=True, slots=True)
class ReplayTask:
    """The days to settle, the generation to commit them to, and the thresholds."""

    generation: str
    span: Span
    thresholds: Thresholds

    @property
    def arguments(self) -> list[str]:
        """The child's command line."""
        span, thresholds = self.span, json.dumps(asdict(self.thresholds), separators=(",", ":"))
        days = (str(span.first), str(span.last))
        return [self.generation, *days, str(span.grace.total_seconds()), thresholds]

    @classmethod
    def of(cls, arguments: list[str]) -> ReplayTask | None:
        """Read a child's command line; return None for one without arguments, which is a worker's."""
        if not arguments:
            return None
        generation, first, last, grace, thresholds = arguments
        days = (date.fromisoformat(first), date.fromisoformat(last))
        span = Span(*days, timedelta(seconds=float(grace)))
        return cls(generation, span, Thresholds(**json.loads(thresholds)))
