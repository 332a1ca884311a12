"""Records: what a shard holds, in columns, and the position that identifies each."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Final

MILLISECONDS_A_DAY: Final = 86_400_000
_LAST_MEMBER: Final = 2**32 - 1  # no aggregate has more: a record has 10 MiB at most
_EPOCH_ORDINAL: Final = date(1970, 1, 1).toordinal()


@dataclass(frozen=True, slots=True, order=True)
class Position:
    """A record's place on its shard, the same on every reading; ordered as the shard is.

    The sub-sequence number counts the members of a KPL aggregate and is 0 for a plain record.
    """

    sequence_number: int
    sub_sequence_number: int = 0

    @classmethod
    def parse(cls, text: str) -> Position:
        """Read what `str` made; raise `ValueError` for anything else."""
        if text == "start":
            return START
        sequence, _, sub = text.partition("_")
        return cls(int(sequence), int(sub or 0))

    @property
    def before(self) -> Position:
        """The last position before this one; no record need have it."""
        if self.sub_sequence_number:
            return Position(self.sequence_number, self.sub_sequence_number - 1)
        return Position(self.sequence_number - 1, _LAST_MEMBER)

    def __str__(self) -> str:
        """Return the position as keys spell it: in chain order also as text (Kinesis has 56 digits)."""
        if self == START:
            return "start"
        sub = f"_{self.sub_sequence_number}" if self.sub_sequence_number else ""
        return f"{self.sequence_number:056d}{sub}"


START: Final = Position(0)
"""Before the first record of a shard."""

LATEST: Final = Position(-1)
"""Where an engine begins that reads nothing of what was there before it."""


@dataclass(frozen=True, slots=True)
class Records:
    """Consecutive records of one shard: columns of one length, in the shard's order.

    `sequence_numbers` are decimal strings as Kinesis gives them, `arrivals` the approximate arrival
    timestamps in milliseconds since 1970 UTC.
    """

    bodies: list[bytes] = field(default_factory=list)
    partition_keys: list[str] = field(default_factory=list)
    sequence_numbers: list[str] = field(default_factory=list)
    sub_sequence_numbers: list[int] = field(default_factory=list)
    arrivals: list[int] = field(default_factory=list)

    def __len__(self) -> int:
        return len(self.bodies)

    def __getitem__(self, rows: slice) -> Records:
        return Records(
            self.bodies[rows],
            self.partition_keys[rows],
            self.sequence_numbers[rows],
            self.sub_sequence_numbers[rows],
            self.arrivals[rows],
        )

    def position(self, row: int) -> Position:
        """Return the position of the record at `row`."""
        return Position(int(self.sequence_numbers[row]), self.sub_sequence_numbers[row])

    def day(self, row: int) -> date:
        """Return the UTC day on which Kinesis took the record at `row`."""
        return date.fromordinal(_EPOCH_ORDINAL + self.arrivals[row] // MILLISECONDS_A_DAY)

    def arrived_at(self, row: int) -> datetime:
        """Return the arrival of the record at `row`, to the millisecond."""
        return datetime.fromtimestamp(self.arrivals[row] / 1000, UTC)

    def after(self, position: Position) -> Records:
        """Return the records that come after `position`."""
        low, high = 0, len(self)
        while low < high:
            middle = (low + high) // 2
            if self.position(middle) <= position:
                low = middle + 1
            else:
                high = middle
        return self[low:] if low else self

    def run(self, most_records: int, most_bytes: int) -> Records:
        """Return the longest head that shares one day within both limits; one record at least."""
        head = self[:most_records]
        today, size = head.arrivals[0] // MILLISECONDS_A_DAY, 0
        for row, (body, arrived) in enumerate(zip(head.bodies, head.arrivals, strict=True)):
            size += len(body)
            if arrived // MILLISECONDS_A_DAY != today or (size > most_bytes and row):
                return head[:row]
        return head
