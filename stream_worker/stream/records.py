"""Records of a shard, in columns, and the position that identifies each."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Final

MILLISECONDS_A_DAY: Final = 86_400_000
_LAST_MEMBER: Final = 2**32 - 1  # no aggregate has more: a record has 10 MiB at most
_EPOCH_ORDINAL: Final = date(1970, 1, 1).toordinal()


@dataclass(frozen=True, slots=True, order=True)
class Position:
    """A record's place on its shard, the same on every reading; positions compare in the shard's order.

    The sub-sequence number counts the members of a KPL aggregate from 0, and is 0 for a plain record.
    """

    sequence_number: int
    sub_sequence_number: int = 0

    @classmethod
    def parse(cls, text: str) -> Position:
        """Read a position's text; raise `ValueError` if it is not one."""
        if text == "start":
            return START
        sequence, _, sub = text.partition("_")
        return cls(int(sequence), int(sub or 0))

    @property
    def before(self) -> Position:
        """The last position before this one, whether or not a record has it."""
        if self.sub_sequence_number:
            return Position(self.sequence_number, self.sub_sequence_number - 1)
        return Position(self.sequence_number - 1, _LAST_MEMBER)

    def __str__(self) -> str:
        """Return the position as keys have it: `start`, 56 digits (as Kinesis numbers have), or `digits_sub`.

        Compare positions, never their texts: as text, member 10 comes before member 2, and `start` last.
        """
        if self == START:
            return "start"
        sub = f"_{self.sub_sequence_number}" if self.sub_sequence_number else ""
        return f"{self.sequence_number:056d}{sub}"


START: Final = Position(0)
"""Before the first record of a shard."""

LATEST: Final = Position(-1)
"""Where an engine begins that skips every record already on the shard."""


@dataclass(frozen=True, slots=True)
class Records:
    """Consecutive records of one shard, in its order, as columns of equal length.

    `sequence_numbers` are decimal strings as Kinesis returns them, `arrivals` are the approximate arrival
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
        """Return the UTC day on which the record at `row` arrived."""
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
        """Return the longest head of one day within both limits, but at least one record."""
        head = self[:most_records]
        today, size = head.arrivals[0] // MILLISECONDS_A_DAY, 0
        for row, (body, arrived) in enumerate(zip(head.bodies, head.arrivals, strict=True)):
            size += len(body)
            if arrived // MILLISECONDS_A_DAY != today or (size > most_bytes and row):
                return head[:row]
        return head
