"""A shard's records between their delivery and their commit, and when a commit is due."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING

from stream_worker.stream.records import MILLISECONDS_A_DAY, Position, Records

if TYPE_CHECKING:
    from collections.abc import Iterable

    from stream_worker.process.limits import Limits


@dataclass(frozen=True, slots=True)
class Oldest:
    """A buffer's oldest record: when it was added (seconds) and when it arrived (ms since 1970 UTC)."""

    since: float
    arrival: int


@dataclass(frozen=True, slots=True)
class _Piece:
    records: Records
    bytes: int
    since: float
    days: frozenset[int]

    @classmethod
    def of(cls, records: Records, since: float) -> _Piece:
        arrivals = (min(records.arrivals), max(records.arrivals))
        days = frozenset(arrival // MILLISECONDS_A_DAY for arrival in arrivals)
        return cls(records, sum(map(len, records.bodies)), since, days)


class Buffer:
    """Records in the shard's order; the caller passes the time, in seconds of any steady clock."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._pieces: deque[_Piece] = deque()

    def __len__(self) -> int:
        return sum(len(piece.records) for piece in self._pieces)

    @property
    def oldest(self) -> Oldest | None:
        """The record that has waited the longest, or None."""
        if not self._pieces:
            return None
        return Oldest(self._pieces[0].since, self._pieces[0].records.arrivals[0])

    @property
    def bytes(self) -> int:
        """The size of all bodies together."""
        return sum(piece.bytes for piece in self._pieces)

    @property
    def first(self) -> Position | None:
        """The position of the first record, or None."""
        return self._pieces[0].records.position(0) if self._pieces else None

    @property
    def last(self) -> Position | None:
        """The position of the last record, or None."""
        return self._pieces[-1].records.position(-1) if self._pieces else None

    def add(self, records: Records, now: float) -> None:
        """Append records that were delivered now."""
        if len(records):
            self._pieces.append(_Piece.of(records, now))

    def due(self, now: float) -> bool:
        """Return whether a commit is due: by records, by bytes, by age, or because the day has changed."""
        if not self._pieces:
            return False
        return (
            len(self) >= self._limits.records
            or self.bytes >= self._limits.bytes
            or now - self._pieces[0].since >= self._limits.seconds
            or len(frozenset[int]().union(*(piece.days for piece in self._pieces))) > 1
        )

    def run(self, *, of_one_page: bool = False) -> Records:
        """Return the longest head of one day within the limits, at least one record, without removing it.

        Its limit is half of the bytes: while a run is settled and committed, its bodies are in memory three
        times. With `of_one_page` it ends with the records that were added in one call.
        """
        pages = 1 if of_one_page else len(self._pieces)
        whole = _joined(piece.records for piece in islice(self._pieces, pages))
        return whole.run(self._limits.records, self._limits.bytes // 2)

    def drop(self, through: Position) -> None:
        """Remove the records up to and including `through`."""
        while self._pieces:
            first = self._pieces[0]
            rest = first.records.after(through)
            if len(rest) == len(first.records):
                return
            self._pieces.popleft()
            if len(rest):
                self._pieces.appendleft(_Piece.of(rest, first.since))

    def clear(self) -> None:
        """Remove all records."""
        self._pieces.clear()


def _joined(parts: Iterable[Records]) -> Records:
    joined = Records()
    for part in parts:
        joined.bodies.extend(part.bodies)
        joined.partition_keys.extend(part.partition_keys)
        joined.sequence_numbers.extend(part.sequence_numbers)
        joined.sub_sequence_numbers.extend(part.sub_sequence_numbers)
        joined.arrivals.extend(part.arrivals)
    return joined
