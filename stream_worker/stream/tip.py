"""Finds a shard's tip by the pages that are read: MillisBehindLatest differs between services.

Kinesis counts from the present: the number can grow while a shard is idle, and stay above 0 at the tip.
Emulators count from the newest record: it can be 0 before records of the same millisecond. Pages mean the
same everywhere: records come until there are none.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from stream_worker.stream.kinesis import KinesisStream

_STILL: Final = 10
"""How many empty pages in a row, none of them nearer to the present, mean the tip.

Kinesis also returns empty pages before the tip, while it searches a stretch without records: those do come
nearer.
"""


@dataclass(slots=True)
class Tip:
    """Follows one reader's pages, in their order."""

    _nearest: int | None = None
    _still: int = 0

    def reached(self, records: int, milliseconds_behind: int) -> bool:
        """Return whether nothing is left to read after a page with so many records of the stream."""
        if records:
            self._nearest, self._still = None, 0
            return False
        if self._nearest is None or milliseconds_behind < self._nearest:
            self._nearest, self._still = milliseconds_behind, 0
        self._still += 1
        return milliseconds_behind == 0 or self._still > _STILL


@dataclass(slots=True)
class Mark:
    """A shard's tip at the time the mark was made: a reader that has a later record is past it."""

    stream: KinesisStream
    shard_id: str
    _iterator: str | None = None
    _first: int | None = None

    def __post_init__(self) -> None:
        self._iterator = self._latest()

    def passed(self, last: int) -> bool:
        """Return whether a reader that has read up to a sequence number is past it; reads once at most."""
        if self._first is None:
            self._look()
        return self._first is not None and last >= self._first

    def _look(self) -> None:
        if self._iterator is None:  # the shard was closed with nothing after the mark
            return
        page = self.stream.read(self._iterator, limit=1)
        if page is None:
            self._iterator = self._latest()  # a later mark is as good: it is after the same records
            return
        self._iterator = page.next_iterator
        if len(page.records):
            self._first = int(page.records.sequence_numbers[0])

    def _latest(self) -> str:
        return self.stream.iterator(self.shard_id, "LATEST")
