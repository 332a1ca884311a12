"""Takes KPL aggregates apart exactly as the Kinesis Client Library (3.1.3) does.

So a replay on either engine sees the same records at the same positions. Members that the library drops
silently are dropped here too, but reported.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Final, Literal

from stream_worker.stream.kpl import MAGIC, parse
from stream_worker.stream.records import Position, Records

if TYPE_CHECKING:
    from stream_worker.stream.kpl import Aggregate

Reason = Literal["foreign", "broken", "empty"]
"""A member's key belongs to another shard; a member's key is missing or not a number; there is no member."""

_Member = tuple[str, bytes]  # partition key and body

# As Java's BigInteger reads it: digits of any script, but none beyond the Basic Multilingual Plane.
_INTEGER: Final = re.compile(r"[+-]?(?:(?![\U00010000-\U0010ffff])\d)+")
_SURROGATE: Final = re.compile(rb"\xed[\xa0-\xbf][\x80-\xbf]?")
_LOW_32_BITS: Final = 0xFFFF_FFFF  # Java uses only these bits of an index: 2**32 is 0 again


@dataclass(frozen=True, slots=True)
class Dropped:
    """Members that did not become records: `members` of one aggregate, from `position` to its end."""

    position: Position
    members: int
    reason: Reason


def take_apart(page: Records, hash_keys: range) -> tuple[Records, list[Dropped]]:
    """Return a page's records with every aggregate replaced by its members, and the members dropped.

    `page` is as GetRecords returned it, `hash_keys` are the shard's. A member has its aggregate's sequence
    number and arrival, its own partition key and a sub-sequence number from 0. A member that is itself
    an aggregate stays whole.
    """
    if not any(body.startswith(MAGIC) for body in page.bodies):
        return page, []
    taken, dropped = Records(), list[Dropped]()
    for row, body in enumerate(page.bodies):
        aggregate = parse(body)
        if aggregate is None:
            _put(taken, page, row, [(page.partition_keys[row], body)])
            continue
        members, reason = _members(aggregate, hash_keys)
        _put(taken, page, row, members)
        if reason:
            position = Position(int(page.sequence_numbers[row]), len(members))
            dropped.append(Dropped(position, len(aggregate.records) - len(members), reason))
    return taken, dropped


def _put(taken: Records, page: Records, row: int, members: list[_Member]) -> None:
    taken.bodies.extend(body for _, body in members)
    taken.partition_keys.extend(key for key, _ in members)
    taken.sequence_numbers.extend([page.sequence_numbers[row]] * len(members))
    taken.sub_sequence_numbers.extend(range(len(members)))
    taken.arrivals.extend([page.arrivals[row]] * len(members))


def _members(aggregate: Aggregate, hash_keys: range) -> tuple[list[_Member], Reason | None]:
    """Return the members to keep, and the reason if others are dropped.

    A member of another shard drops the whole aggregate; a broken one drops itself and those after it.
    """
    keys = [_text(key) for key in aggregate.partition_key_table]
    explicit_keys = [_text(key) for key in aggregate.explicit_hash_key_table]
    members: list[_Member] = []
    for member in aggregate.records:
        try:
            key = keys[member.partition_key_index & _LOW_32_BITS]
            if member.HasField("explicit_hash_key_index"):
                hash_key = _number(explicit_keys[member.explicit_hash_key_index & _LOW_32_BITS])
            else:
                hash_key = Decimal(int.from_bytes(_md5(key)))
        except (IndexError, ValueError):
            return members, "broken"
        if not hash_keys.start <= hash_key < hash_keys.stop:
            return [], "foreign"
        members.append((key, member.data))
    return members, None if members else "empty"


def _text(key: bytes) -> str:
    # Invalid UTF-8 is replaced before hashing. Java replaces a surrogate as a whole, Python byte by byte.
    return _SURROGATE.sub(b"\xef\xbf\xbd", key).decode(errors="replace")


def _number(explicit_key: str) -> Decimal:
    # Not an int: Python refuses to read more than 4300 digits, leading zeros included.
    if not _INTEGER.fullmatch(explicit_key):
        raise ValueError
    return Decimal(explicit_key)


def _md5(key: str) -> bytes:
    return hashlib.md5(key.encode(), usedforsecurity=False).digest()
