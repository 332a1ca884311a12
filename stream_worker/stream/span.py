"""A span of days: which records of a stream belong to it, and when a shard has been read past it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from itertools import compress
from typing import TYPE_CHECKING, Final

from stream_worker.stream.records import MILLISECONDS_A_DAY, Records

if TYPE_CHECKING:
    from collections.abc import Iterator

GRACE_SECONDS: Final = 60
"""By default, how far out of order the arrivals of a shard may be."""

_EPOCH = date(1970, 1, 1)


@dataclass(frozen=True, slots=True)
class Span:
    """The days from `first` to `last`; `grace` is how far out of order the arrivals of a shard may be."""

    first: date
    last: date
    grace: timedelta

    @property
    def days(self) -> Iterator[date]:
        """Every day of the span, oldest first."""
        for number in range((self.last - self.first).days + 1):
            yield self.first + timedelta(days=number)

    @property
    def since(self) -> datetime:
        """The time to read from, so that no record of the span is left out."""
        return datetime(self.first.year, self.first.month, self.first.day, tzinfo=UTC) - self.grace

    @property
    def start(self) -> int:
        """The span's first millisecond since 1970 UTC."""
        return (self.first - _EPOCH).days * MILLISECONDS_A_DAY

    @property
    def end(self) -> int:
        """The first millisecond after the span."""
        return ((self.last - _EPOCH).days + 1) * MILLISECONDS_A_DAY

    @property
    def over(self) -> datetime:
        """The time after which no more records of the span can arrive."""
        return datetime.fromtimestamp(self.end / 1000, UTC) + self.grace

    def of(self, records: Records) -> Records:
        """Return the records that arrived in the span."""
        within = [self.start <= arrived < self.end for arrived in records.arrivals]
        if all(within):
            return records
        return Records(
            bodies=list(compress(records.bodies, within)),
            partition_keys=list(compress(records.partition_keys, within)),
            sequence_numbers=list(compress(records.sequence_numbers, within)),
            sub_sequence_numbers=list(compress(records.sub_sequence_numbers, within)),
            arrivals=list(compress(records.arrivals, within)),
        )

    def passed(self, records: Records) -> bool:
        """Return whether a record arrived so late that all records after it belong to later days."""
        return any(arrived >= self.over.timestamp() * 1000 for arrived in records.arrivals)
