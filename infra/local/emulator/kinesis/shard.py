"""An emulated shard that keeps Kinesis's word: an append-only log with numbers like the real ones.

It stands in for moto's `Shard`, which keeps its records in a dictionary and lies about what is in it.
Nothing here locks: the stream does, since a put and a split must not overlap.
"""

from base64 import b64decode
from bisect import bisect_left
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from moto.kinesis.models import Record, Shard

from infra.local.emulator.clock import Clock

PAGE_RECORDS: Final = 10_000
PAGE_BYTES: Final = 10 * 1024 * 1024
"""What one GetRecords gives at most: https://docs.aws.amazon.com/kinesis/latest/APIReference/API_GetRecords.html"""

_VERSION: Final = 2
_STEP: Final = 1 << 80
"""Real sequence numbers are not consecutive either: nobody may get at the next one by adding 1."""


class Arrival(Record):
    """A record as the shard keeps it: `data` in base64, `created_at` in seconds since 1970."""

    def __init__(self, partition_key: str, data: str, sequence_number: int, created_at: float) -> None:
        # Not moto's own constructor: it reads the clock twice, a third of a put's time.
        self.partition_key = partition_key
        self.data = data
        self.sequence_number = sequence_number
        self.created_at = created_at

    def to_json(self) -> dict[str, Any]:
        """Return the record as moto's serializer takes it."""
        return {
            "Data": b64decode(self.data),
            "PartitionKey": self.partition_key,
            "SequenceNumber": str(self.sequence_number),
            "ApproximateArrivalTimestamp": datetime.fromtimestamp(self.created_at, UTC),
        }


@dataclass(frozen=True, slots=True)
class Page:
    """What one GetRecords found after a position: the records, where to go on, and how far that is behind.

    `behind` is in milliseconds and 0 only at the tip. `at_tip` says that there was nothing more to give.
    """

    records: list[Arrival]
    last: int
    behind: int
    at_tip: bool


class LoggedShard(Shard):
    """One shard's records in the order in which they were put.

    `born` (in whole seconds) and `closed_at` (None while it is open) are in seconds since 1970.
    """

    def __init__(  # noqa: PLR0913, PLR0917 - the first five are moto's own
        self,
        shard_id: int,
        starting_hash: int,
        ending_hash: int,
        parent: str | None = None,
        adjacent_parent: str | None = None,
        born: int = 0,
        clock: Clock | None = None,
    ) -> None:
        super().__init__(shard_id, starting_hash, ending_hash, parent, adjacent_parent)
        self.born = born
        self._clock = clock or Clock()
        self.closed_at: float | None = None
        self._log: list[Arrival] = []
        self._forgotten = 0  # how many of the first records are past retention: what is forgotten stays so
        self._peaks: list[float] = []  # the latest arrival up to each record: it rises where arrivals do not

    def number(self, count: int) -> int:
        """Return the sequence number of the `count`th record; 0 is the shard's own start.

        Laid out like the real ones: 186 bits (so 56 digits), of version, birth, count, shard and version. A
        child is born at least a second after its parents, which makes all its numbers greater than theirs.
        """
        return _VERSION << 184 | self.born << 148 | count * _STEP | self._shard_id << 4 | _VERSION

    def count(self, sequence_number: int) -> int:
        """Return how many of the shard's records have a number up to this one, without looking at them."""
        return min(max((sequence_number - self.number(0)) // _STEP, 0), len(self._log))

    def knows(self, sequence_number: int) -> bool:
        """Say whether an iterator may start at this number: it must lie between the shard's start and tip."""
        return self.number(0) <= sequence_number <= self.number(len(self._log) + 1)

    def put_record(self, partition_key: str, data: str, explicit_hash_key: str) -> str:  # noqa: ARG002 - moto's
        """Append a record (`data` in base64) and return its number, in constant time however long the log is.

        It arrives when the stream's clock says.
        """
        arrival = self._clock.arrival()
        number = self.number(len(self._log) + 1)
        self._log.append(Arrival(partition_key, data, number, arrival))
        self._peaks.append(max(arrival, self._peaks[-1]) if self._peaks else arrival)
        return str(number)

    def forget(self, horizon: float) -> None:
        """Give no record any more that arrived before `horizon`, whatever iterator asks for it.

        An iterator at a record that is gone reads from the first that is left, as in Kinesis, without a word.
        """
        self._forgotten = max(self._forgotten, bisect_left(self._peaks, horizon))

    def open_at(self, moment: float) -> bool:
        """Say whether the shard took records then."""
        return self.born <= moment and self.open_from(moment)

    def open_from(self, moment: float) -> bool:
        """Say whether the shard took records then or later."""
        return self.closed_at is None or moment < self.closed_at

    def page(self, after: int, limit: int, now: float) -> Page:
        """Return what follows the number `after`: `limit` records or 10 MiB at most, at least one if any."""
        start = max(self.count(after), self._forgotten)
        records = self._log[start : start + limit]
        size = 0
        for index, record in enumerate(records):
            size += len(record.data) * 3 // 4 - record.data[-2:].count("=")
            if size > PAGE_BYTES and index:
                records = records[:index]
                break
        at_tip = start + len(records) == len(self._log)
        last = records[-1].sequence_number if records else after
        # Kinesis measures to the shard's tip, which is now; a reader that has not reached it is never at 0.
        behind = 0 if at_tip else max(1, int((now - records[-1].created_at) * 1000))
        return Page(records, last, behind, at_tip)

    def get_records(self, last_sequence_id: str, limit: int | None) -> tuple[list[Record], int, int]:
        """Return a page as moto asks for it; the emulator itself calls `page`."""
        page = self.page(int(last_sequence_id), limit or PAGE_RECORDS, self._clock.now())
        return list(page.records), page.last, page.behind

    def get_min_sequence_number(self) -> int:
        """Return the start of the shard's range of numbers."""
        return self.number(0)

    def get_max_sequence_number(self) -> int:
        """Return the number of the last record, or the shard's start if there is none."""
        return self.number(len(self._log))

    def get_sequence_number_at(self, at_timestamp: float) -> int:
        """Return the number after which the first record stands that arrived at or after `at_timestamp`.

        What follows it may have arrived earlier, where arrivals are not in order.
        """
        return self.number(bisect_left(self._peaks, at_timestamp))

    def to_json(self) -> dict[str, Any]:
        """Describe the shard as ListShards does. A closed one ends past its last record, as real ones do."""
        described: dict[str, Any] = super().to_json()
        if not self.is_open:
            described["SequenceNumberRange"]["EndingSequenceNumber"] = str(self.number(len(self._log) + 1))
        return described
