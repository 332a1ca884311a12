"""Where the chains of a stream begin: the day of each shard's first segment, which never changes."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

from stream_worker.lake.committed import days
from stream_worker.lake.keys import BeginningKey, StreamKey, stream_prefix

if TYPE_CHECKING:
    from stream_worker.lake.store import Lake


@dataclass(frozen=True, slots=True)
class Beginnings:
    """The beginnings of a stream's chains in one generation; `epoch` is when the stream was made.

    A shard's beginning is noted before its first segment is committed, and the stream itself before its first
    shard. So a shard of a noted stream that has no note has no segment, and no day need be searched for one.
    """

    lake: Lake
    generation: str
    epoch: int

    def of(self, shard_id: str) -> date | None:
        """Return the day in which a shard's chain begins; None if that is not noted."""
        noted = self.lake.find(self._key(shard_id))
        return None if noted is None else date.fromisoformat(noted.decode())

    def has_none(self, shard_id: str) -> bool:
        """Return whether it is certain that a shard has no segment."""
        return self.of(shard_id) is None and self._is_noted()

    def note(self, shard_id: str, day: date) -> date:
        """Note the day of a shard's first segment; return the one that was noted first."""
        noted = self.of(shard_id)
        if noted is not None:
            return noted
        if not self._is_noted() and not self._has_segments():
            self.lake.put_new(self._stream, b"", {})
        if self.lake.put_new(self._key(shard_id), str(day).encode(), {}):
            return day
        return self.of(shard_id) or day

    def _is_noted(self) -> bool:
        return self.lake.find(self._stream) is not None

    def _has_segments(self) -> bool:
        """Return whether the stream has segments that were committed before beginnings were noted."""
        generation = self.generation
        prefixes = (
            stream_prefix("reports", generation, day, self.epoch) for day in days(self.lake, generation)
        )
        return any(next(iter(self.lake.keys(prefix)), None) for prefix in prefixes)

    @property
    def _stream(self) -> str:
        return StreamKey(self.generation, self.epoch).key

    def _key(self, shard_id: str) -> str:
        return BeginningKey(self.generation, self.epoch, shard_id).key
