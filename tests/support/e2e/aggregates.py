"""Aggregates that are hard to read: good ones, every kind of bad one, and what only looks like one.

For each it is known what the Kinesis Client Library makes of it, from running it.
"""

from __future__ import annotations

import hashlib
import itertools
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, NamedTuple

from aws_kinesis_agg.aggregator import RecordAggregator

from stream_worker.stream.kpl import MAGIC
from tests.support.worker.samples import FORGED, INVALID, MALFORMED, body

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mypy_boto3_kinesis import KinesisClient

    from stream_worker.stream.aggregates import Reason

ALL_HASH_KEYS: Final = range(2**128)
LONGEST: Final = 1_048_576 - 256
"""Bytes of body that Kinesis takes beside the longest partition key."""

OUTER_KEY: Final = "outer-key"
"""How the partition key of each hard body begins; those of members begin with `key-`."""


class Member(NamedTuple):
    """A record of an aggregate."""

    key: str
    body: bytes
    explicit_hash_key: str | None = None


@dataclass(frozen=True, slots=True)
class Hard:
    """A body, how many records become of it, of how many members none becomes, and why."""

    name: str
    body: bytes
    records: int = 1
    dropped: int = 0
    reason: Reason | None = None


def put(kinesis: KinesisClient, stream: str) -> dict[tuple[str, int], Hard]:
    """Put every hard body on each shard of a stream of two; return them by shard and sequence number."""
    placed: dict[tuple[str, int], Hard] = {}
    ranges = [shard["HashKeyRange"] for shard in kinesis.list_shards(StreamName=stream)["Shards"]]
    one, two = (range(int(keys["StartingHashKey"]), int(keys["EndingHashKey"]) + 1) for keys in ranges)
    for place, (own, other) in enumerate([(one, two), (two, one)]):
        for hard in hard_bodies(own, other, first=10_000 * place):
            answer = kinesis.put_record(
                StreamName=stream,
                Data=hard.body,
                PartitionKey=f"{OUTER_KEY} {hard.name}",
                ExplicitHashKey=str(own.start),
            )
            placed[answer["ShardId"], int(answer["SequenceNumber"])] = hard
    return placed


def hard_bodies(own: range, other: range, first: int = 0) -> list[Hard]:
    """Return hard bodies for a shard of the hash keys `own`, beside one of `other`.

    The good reports in them are those of deployments from `first` on, none twice.
    """
    reports = map(body, itertools.count(first))
    return [*good(own, other, reports), *foreign(own, other, reports), *broken(own, reports), *plain(reports)]


def aggregate(*members: Member) -> bytes:
    """Return an aggregate as a producer makes it."""
    aggregator = RecordAggregator(LONGEST)
    for member in members:
        assert aggregator.add_user_record(*member) is None, "too many members for one aggregate"
    made: bytes = aggregator.clear_and_get().get_contents()[2]
    return made


def signed(message: bytes) -> bytes:
    """Return any bytes as the message of an aggregate."""
    return MAGIC + message + hashlib.md5(message, usedforsecurity=False).digest()


def field(number: int, value: int | bytes) -> bytes:
    """Return a protobuf field: a varint or a length-delimited one."""
    if isinstance(value, int):
        return varint(number << 3) + varint(value)
    return varint(number << 3 | 2) + varint(len(value)) + value


def varint(value: int) -> bytes:
    """Return protobuf's form of an unsigned integer."""
    head = b""
    while value > 0x7F:
        head, value = head + bytes([value & 0x7F | 0x80]), value >> 7
    return head + bytes([value])


def entry(data: bytes, key: int = 0, explicit: int | None = None, more: bytes = b"") -> bytes:
    """Return a member as a field of the message, its keys by their places in the tables."""
    hash_key = b"" if explicit is None else field(2, explicit)
    return field(3, field(1, key) + hash_key + field(3, data) + more)


def keys_in(hash_keys: range) -> Iterator[str]:
    """Yield partition keys that belong to these hash keys."""
    for number in itertools.count():
        key = f"key-{number}"
        if hash_key(key) in hash_keys:
            yield key


def hash_key(key: str) -> int:
    """Return the hash key of a partition key."""
    return int.from_bytes(hashlib.md5(key.encode(), usedforsecurity=False).digest())


def good(own: range, other: range, reports: Iterator[bytes]) -> Iterator[Hard]:
    """Yield aggregates of which every member becomes a record."""
    keys, stranger = keys_in(own), next(keys_in(other))
    key, low, high = next(keys), str(own.start), str(own[-1])
    table = field(1, key.encode())
    yield Hard("one member", aggregate(Member(key, next(reports))))
    yield Hard("many keys", aggregate(*(Member(next(keys), next(reports)) for _ in range(50))), 50)
    yield Hard("one key", aggregate(*(Member(key, next(reports)) for _ in range(50))), 50)
    yield Hard("hash keys", aggregate(*(Member(stranger, next(reports), place) for place in (low, high))), 2)
    yield Hard("rejects", aggregate(*(Member(key, bad) for bad in (MALFORMED, INVALID, FORGED, b""))), 4)
    inner = aggregate(Member(key, next(reports)), Member(key, next(reports)))
    yield Hard("an aggregate inside", aggregate(Member(key, inner), Member(key, next(reports))), 2)
    inner = aggregate(Member(stranger, next(reports)))
    yield Hard("a foreign aggregate inside", aggregate(Member(key, inner)))
    yield Hard("a long member", aggregate(Member(key, b"[" * (LONGEST - 100))))
    longest = [Member(key, next(reports) + b" " * 50_000) for _ in range(20)]
    yield Hard("long members", aggregate(*longest), len(longest))
    yield Hard("an index that overflows", signed(table + entry(next(reports), 2**32)))
    yield Hard("tags and unknown fields", signed(table + entry(next(reports), more=TAG) + field(99, 1)))
    arabic = low.translate({ord("0") + digit: 0x660 + digit for digit in range(10)})
    ways = {"zeros": "000" + low, "5000 zeros": "0" * 5000 + low, "plus": "+" + low, "Arabic digits": arabic}
    for name, spelt in ways.items():
        tables = table + field(2, spelt.encode())
        yield Hard(f"hash key with {name}", signed(tables + entry(next(reports), 0, 0)))


TAG: Final = field(4, field(1, b"tag") + field(2, b"value"))


def foreign(own: range, other: range, reports: Iterator[bytes]) -> Iterator[Hard]:
    """Yield aggregates that are dropped whole, as a member belongs to another shard."""
    key, stranger = next(keys_in(own)), next(keys_in(other))
    for place in range(3):
        names = [stranger if member == place else key for member in range(3)]
        body_ = aggregate(*(Member(name, next(reports)) for name in names))
        yield Hard(f"foreign member {place}", body_, 0, 3, "foreign")
    hash_keys = {"the next": own.stop, "the last": own.start - 1, "too great": 2**128, "negative": -1}
    for name, hash_key in hash_keys.items():
        members = Member(key, next(reports)), Member(key, next(reports), str(hash_key))
        yield Hard(f"foreign hash key: {name}", aggregate(*members), 0, 2, "foreign")
    tables = field(1, key.encode()) + field(1, stranger.encode()) + field(2, b"9" * 5000)
    long = tables + entry(next(reports), 0, 0)
    yield Hard("foreign hash key of 5000 digits", signed(long), 0, 1, "foreign")
    later = tables + entry(next(reports)) + entry(next(reports), 1) + entry(next(reports), 7)
    yield Hard("foreign, then broken", signed(later), 0, 3, "foreign")
    no_text = field(1, b"\xff\xfe") + field(1, key.encode()) + field(2, str(own.stop).encode())
    yield Hard("key is no UTF-8", signed(no_text + entry(b"x", 0, 0)), 0, 1, "foreign")


def broken(own: range, reports: Iterator[bytes]) -> Iterator[Hard]:
    """Yield aggregates of which the members from some place on are dropped, or that have none."""
    table = field(1, next(keys_in(own)).encode())
    for place in range(3):
        body_ = table + b"".join(entry(next(reports), int(member == place)) for member in range(3))
        yield Hard(f"broken member {place}", signed(body_), place, 3 - place, "broken")
    yield Hard("no keys", signed(entry(next(reports))), 0, 1, "broken")
    yield Hard("no hash keys", signed(table + entry(next(reports), 0, 0)), 0, 1, "broken")
    for index in (2**31, 2**32 - 1, 2**32 + 1, 2**64 - 1):
        yield Hard(f"index {index}", signed(table + entry(next(reports), index)), 0, 1, "broken")
    for spelt in ("", "+", "-", "+-1", "1_0", " 1", "1\n", "0x1", "1.0", "1e1", "\U0001d7cf", "NaN"):
        tables = table + field(2, spelt.encode())
        yield Hard(f"hash key {spelt!r}", signed(tables + entry(next(reports), 0, 0)), 0, 1, "broken")
    tables = table + field(2, b"\xff")
    yield Hard("hash key is no UTF-8", signed(tables + entry(next(reports), 0, 0)), 0, 1, "broken")
    yield Hard("empty", signed(table), 0, 0, "empty")
    yield Hard("unknown fields alone", signed(field(99, b"x")), 0, 0, "empty")


def plain(reports: Iterator[bytes]) -> Iterator[Hard]:
    """Yield records that stay as they are, since they are no aggregates."""
    table, report = field(1, b"no shard's matter"), next(reports)
    yield Hard("a report", report)
    yield Hard("magic alone", MAGIC)
    yield Hard("magic, broken off", MAGIC[:3])
    yield Hard("magic and no digest", MAGIC + b"x" * 15)
    yield Hard("magic and a digest", MAGIC + b"x" * 16)
    yield Hard("nothing, signed", signed(b""))
    yield Hard("magic and a report", MAGIC + report)
    yield Hard("a report, signed", signed(report))
    yield Hard("another digest", signed(table + entry(report))[:-1] + b"?")
    yield Hard("another magic", b"\xf3\x89\x9a\xc3" + signed(table + entry(report))[4:])
    yield Hard("broken off", signed((table + entry(report))[:-1]))
    yield Hard("a member without a body", signed(table + field(3, field(1, 0))))
    yield Hard("a member without a key", signed(table + field(3, field(3, report))))
    yield Hard("a tag without a key", signed(table + entry(report, more=field(4, field(2, b"value")))))
    yield Hard("field 0", signed(table + b"\x00\x00"))
    yield Hard("a group's end", signed(table + b"\x0c"))
    yield Hard("wire type 7", signed(table + b"\x0f"))
    yield Hard("long junk", signed(b"\xff" * (LONGEST - 20)))
