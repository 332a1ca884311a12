"""The day that is reported: the last whole one in UTC, whenever the function runs."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Self


@dataclass(frozen=True)
class Day:
    """From its first instant to the next day's, which is not in it."""

    start: datetime
    end: datetime

    @classmethod
    def before(cls, now: datetime) -> Self:
        """Return the last day that is over at `now`, a time with an offset."""
        end = now.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
        return cls(end - timedelta(days=1), end)
