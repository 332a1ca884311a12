"""A Kinesis stream: shards that split and merge, arrivals out of order, a horizon; and its client."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import format_datetime
from typing import TYPE_CHECKING, Any, Final, TypeVar

from botocore.exceptions import ClientError, ReadTimeoutError

from tests.simulation.bucket import refusal
from tests.simulation.world import Fate

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.simulation.world import World

_T = TypeVar("_T")

EPOCH: Final = 1_700_000_000
FIRST: Final = 49_590_338_271_490_256_608_559_692_538_361_571_095_921_575_989_136_588_898
STREAM: Final = "metrics"
_ITERATOR_SECONDS: Final = 300
_TRIES: Final = 3  # boto3's own
_THROTTLED: Final = "ProvisionedThroughputExceededException"
_HASH_KEYS: Final = 2**128


@dataclass(frozen=True, slots=True)
class Put:
    """A record as it is on its shard; `arrival` in ms since 1970 UTC, `at` is when it was put (seconds)."""

    number: int
    arrival: int
    at: float
    key: str
    body: bytes


@dataclass(slots=True)
class SimShard:
    """A shard; `closed` is when it was (seconds), None while it is open."""

    shard_id: str
    parents: tuple[str, ...]
    hash_keys: range
    opened: float
    closed: float | None = None
    records: list[Put] = field(default_factory=list)

    def was_open(self, at: float, *, or_later: bool = False) -> bool:
        """Say whether it took records at a time, or later."""
        return (or_later or self.opened <= at) and (self.closed is None or at < self.closed)


class NotFoundError(ClientError):
    """The stream has no such shard, or no more."""


class ExpiredError(Exception):
    """The iterator has expired."""


@dataclass(slots=True)
class Exceptions:
    """The client's exceptions, as boto3 names them."""

    ExpiredIteratorException = ExpiredError
    ResourceNotFoundException = NotFoundError


@dataclass(slots=True)
class Stream:
    """The stream itself; `retention` in hours. It is also the client: calls are effects of who makes them."""

    world: World
    retention: int = 24
    shards: dict[str, SimShard] = field(default_factory=dict)
    exceptions: type[Exceptions] = Exceptions
    page: int = 1000
    _numbers: int = FIRST

    def open(self, count: int) -> None:
        """Make the first shards."""
        width = _HASH_KEYS // count
        for place in range(count):
            self._open((), range(place * width, (place + 1) * width if place + 1 < count else _HASH_KEYS))

    def put(self, place: int, key: str, body: bytes, arrival: int) -> Put:
        """Append a record to the open shard that has the hash key `place`."""
        shard = next(one for one in self.shards.values() if one.closed is None and place in one.hash_keys)
        self._numbers += 1
        put = Put(self._numbers, arrival, self.world.now, key, body)
        shard.records.append(put)
        return put

    def split(self, which: int) -> None:
        """Split an open shard in halves."""
        shard = self._open_ones[which % len(self._open_ones)]
        middle = (shard.hash_keys.start + shard.hash_keys.stop) // 2
        shard.closed = self.world.now
        self._open((shard.shard_id,), range(shard.hash_keys.start, middle))
        self._open((shard.shard_id,), range(middle, shard.hash_keys.stop))

    def merge(self, which: int) -> None:
        """Merge two neighbours, if there are two."""
        ones = self._open_ones
        if len(ones) > 1:
            one, other = ones[which % (len(ones) - 1) :][:2]
            one.closed = other.closed = self.world.now
            self._open((one.shard_id, other.shard_id), range(one.hash_keys.start, other.hash_keys.stop))

    @property
    def horizon(self) -> float:
        """What was put before is forgotten."""
        return self.world.now - self.retention * 3600

    def listed(self) -> list[SimShard]:
        """Return the shards that the stream still knows."""
        return [one for one in self.shards.values() if one.closed is None or one.closed >= self.horizon]

    def held(self, shard: SimShard) -> list[Put]:
        """Return what the stream still holds of a shard."""
        horizon = self.horizon
        if shard.records and shard.records[0].at < horizon:
            return [one for one in shard.records if one.at >= horizon]
        return shard.records

    # The client.

    def describe_stream_summary(self, **_: Any) -> dict[str, Any]:  # noqa: ANN401 - boto3's
        """Return when the stream was made and what it retains."""

        def do() -> dict[str, Any]:
            made = datetime.fromtimestamp(EPOCH, UTC)
            summary = {"StreamCreationTimestamp": made, "RetentionPeriodHours": self.retention}
            date = format_datetime(self.world.datetime, usegmt=True)
            return {"StreamDescriptionSummary": summary, "ResponseMetadata": {"HTTPHeaders": {"date": date}}}

        return self._ask("DescribeStreamSummary", do)

    def get_paginator(self, _name: str) -> Stream:
        """ListShards: see `paginate`."""
        return self

    def paginate(self, **wanted: Any) -> Iterator[dict[str, Any]]:  # noqa: ANN401 - boto3's
        """List the shards, or those that were open at a time, or then or later."""

        def do() -> list[dict[str, Any]]:
            asked = wanted.get("ShardFilter", {"Type": "ALL"})
            if asked["Type"] == "ALL":
                return [_listed(one) for one in self.listed()]
            at, later = asked["Timestamp"].timestamp(), asked["Type"] == "FROM_TIMESTAMP"
            return [_listed(one) for one in self.listed() if one.was_open(at, or_later=later)]

        yield {"Shards": self._ask("ListShards", do)}

    def get_shard_iterator(self, **wanted: Any) -> dict[str, Any]:  # noqa: ANN401 - boto3's
        """Return a place to read from: an index into all records that the shard ever had."""
        shard_id, kind = wanted["ShardId"], wanted["ShardIteratorType"]

        def do() -> dict[str, Any]:
            shard = self.shards[shard_id]
            if shard not in self.listed():
                raise _not_found("GetShardIterator")
            number = int(wanted.get("StartingSequenceNumber", 0))
            since = wanted["Timestamp"].timestamp() * 1000 if "Timestamp" in wanted else 0.0
            begins: dict[str, Callable[[Put], bool]] = {
                "TRIM_HORIZON": lambda _: True,
                "LATEST": lambda _: False,
                "AT_SEQUENCE_NUMBER": lambda one: one.number >= number,
                "AFTER_SEQUENCE_NUMBER": lambda one: one.number > number,
                "AT_TIMESTAMP": lambda one: one.arrival >= since,
            }
            index = next(
                (at for at, one in enumerate(shard.records) if begins[kind](one)), len(shard.records)
            )
            return {"ShardIterator": self._iterator(shard_id, index)}

        return self._ask(f"GetShardIterator {shard_id[-3:]} {kind}", do)

    def get_records(self, **wanted: Any) -> dict[str, Any]:  # noqa: ANN401 - boto3's
        """Return a page: sometimes an empty one before the tip, as Kinesis does."""
        shard_id, index, at = wanted["ShardIterator"].split("/")
        if self.world.now - float(at) > _ITERATOR_SECONDS:
            raise ExpiredError
        shard = self.shards[shard_id]

        def do() -> dict[str, Any]:
            if shard not in self.listed():
                raise _not_found("GetRecords")
            records, after, behind = self.read(shard, int(index), min(wanted["Limit"], self.page))
            ended = shard.closed is not None and after >= len(shard.records)
            return {
                "Records": [_as_boto3(one) for one in records],
                "NextShardIterator": None if ended else self._iterator(shard_id, after),
                "MillisBehindLatest": behind,
            }

        return self._ask(f"GetRecords {shard_id[-3:]}", do)

    def read(self, shard: SimShard, index: int, limit: int) -> tuple[list[Put], int, int]:
        """Return records from an index on, the index after them, and the distance to the tip in ms."""
        horizon = self.horizon
        while index < len(shard.records) and shard.records[index].at < horizon:
            index += 1
        left = len(shard.records) - index
        actor = self.world.current
        if left and actor and actor.random.random() < 0.05:
            return [], index, self._behind(shard, index)
        found = shard.records[index : index + limit]
        after = index + len(found)
        if after >= len(shard.records):
            return found, after, 0
        return found, after, self._behind(shard, after)

    def _behind(self, shard: SimShard, index: int) -> int:
        return max(1, round((self.world.now - shard.records[index].at) * 1000))

    @property
    def _open_ones(self) -> list[SimShard]:
        ones = [one for one in self.shards.values() if one.closed is None]
        return sorted(ones, key=lambda one: one.hash_keys.start)

    def _open(self, parents: tuple[str, ...], hash_keys: range) -> None:
        shard_id = f"shardId-{len(self.shards):012d}"
        self.shards[shard_id] = SimShard(shard_id, parents, hash_keys, self.world.now)

    def _iterator(self, shard_id: str, index: int) -> str:
        return f"{shard_id}/{index}/{self.world.now}"

    def _ask(self, what: str, do: Callable[[], _T]) -> _T:
        for tried in range(_TRIES):
            try:
                return self.world.effect("kinesis", what, do, error=_error, writes=False)
            except (ClientError, ReadTimeoutError) as error:
                fatal = isinstance(error, ClientError) and error.response["Error"]["Code"] != _THROTTLED
                if fatal or tried + 1 == _TRIES:
                    raise
        raise AssertionError


def _as_boto3(one: Put) -> dict[str, Any]:
    return {
        "Data": one.body,
        "PartitionKey": one.key,
        "SequenceNumber": str(one.number),
        "ApproximateArrivalTimestamp": datetime.fromtimestamp(one.arrival / 1000, UTC),
    }


def _listed(one: SimShard) -> dict[str, Any]:
    names = ("ParentShardId", "AdjacentParentShardId")
    bounds = {"StartingHashKey": str(one.hash_keys.start), "EndingHashKey": str(one.hash_keys.stop - 1)}
    numbers = {"StartingSequenceNumber": "1"} | ({"EndingSequenceNumber": "2"} if one.closed else {})
    parents = dict(zip(names, one.parents, strict=False))
    return {"ShardId": one.shard_id, "HashKeyRange": bounds, "SequenceNumberRange": numbers, **parents}


def _not_found(operation: str) -> NotFoundError:
    response: Any = {
        "Error": {"Code": "ResourceNotFoundException"},
        "ResponseMetadata": {"HTTPStatusCode": 400},
    }
    return NotFoundError(response, operation)


def _error(fate: Fate) -> Exception:
    if fate is Fate.REFUSED:
        return refusal("Kinesis", _THROTTLED, 400)
    return ReadTimeoutError(endpoint_url="kinesis")
