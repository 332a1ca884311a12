"""What the children of a replay are told on their command line."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from stream_worker.span import Span


@dataclass(frozen=True, slots=True)
class Replayed:
    """The days to settle, and the generation to commit them to."""

    generation: str
    span: Span

    @property
    def arguments(self) -> list[str]:
        """The child's command line."""
        span = self.span
        return [self.generation, str(span.first), str(span.last), str(span.grace.total_seconds())]

    @classmethod
    def of(cls, arguments: list[str]) -> Replayed | None:
        """Read a child's command line; one without arguments is a worker's, not a replay's."""
        if not arguments:
            return None
        generation, first, last, grace = arguments
        days = (date.fromisoformat(first), date.fromisoformat(last))
        return cls(generation, Span(*days, timedelta(seconds=float(grace))))
