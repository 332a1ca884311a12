"""Where the chains of a stream begin: the one day, kept for ever, of each shard's first segment."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

from stream_worker.lake.committed import days
from stream_worker.lake.segment import day_prefix

if TYPE_CHECKING:
    from stream_worker.lake.store import Lake


@dataclass(frozen=True, slots=True)
class Beginnings:
    """The beginnings of a stream's chains in one generation; `epoch` is when the stream was made.

    A shard's is noted before its first segment is committed, and a stream's before its first shard's. So a
    shard of a noted stream that has no note has no segment, which nobody has to look for day by day.
    """

    lake: Lake
    generation: str
    epoch: int

    def of(self, shard_id: str) -> date | None:
        """Return the day in which a shard's chain begins; None if that is not noted."""
        noted = self.lake.find(self._key(shard_id))
        return None if noted is None else date.fromisoformat(noted.decode())

    def has_none(self, shard_id: str) -> bool:
        """Say whether it is certain that a shard has no segment."""
        return self.of(shard_id) is None and self.lake.find(self._key()) is not None

    def note(self, shard_id: str, day: date) -> date:
        """Note the day of a shard's first segment; return the one that was noted first."""
        noted = self.of(shard_id)
        if noted is not None:
            return noted
        if self.lake.find(self._key()) is None and not self._has_segments():
            self.lake.put_new(self._key(), b"", {})
        if self.lake.put_new(self._key(shard_id), str(day).encode(), {}):
            return day
        return self.of(shard_id) or day

    def _has_segments(self) -> bool:
        """Say whether the stream has segments that were committed before beginnings were noted."""
        of_days = (day_prefix("reports", self.generation, day) for day in days(self.lake, self.generation))
        return any(next(iter(self.lake.keys(f"{prefix}{self.epoch}.")), None) for prefix in of_days)

    def _key(self, shard_id: str | None = None) -> str:
        return f"chains/{self.generation}/{self.epoch}{f'.{shard_id}' if shard_id else ''}"
