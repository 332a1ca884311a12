"""The poll engine on the emulated Kinesis, in this process, with a lake in memory."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

import pytest
import structlog

from stream_worker.buffer import Limits
from stream_worker.chain import Chain
from stream_worker.engines.poll import PollEngine
from stream_worker.engines.shards import ancestors, list_shards
from stream_worker.errors import SetupError
from stream_worker.lake import MemoryLake
from stream_worker.processor import Processor
from stream_worker.records import Position
from stream_worker.stop import Stop
from tests import truth
from tests.e2e import aggregates
from tests.e2e.aggregates import Member, aggregate, field, signed
from tests.stream_worker.samples import MALFORMED, body, nonce

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from mypy_boto3_kinesis import KinesisClient

    from stream_worker.records import Records
    from stream_worker.shard import Shard
    from tests.conftest import Cloud

NEVER = Limits(records=10**6, bytes=10**9, seconds=10**6)


def put(cloud: Cloud, stream: str, numbers: Sequence[int]) -> list[tuple[str, int]]:
    """Put the reports of these deployments; return where Kinesis says they are."""
    entries = [{"Data": body(number), "PartitionKey": f"key-{number}"} for number in numbers]
    answer = cloud.kinesis.put_records(StreamName=stream, Records=entries)  # type: ignore[arg-type] # plain dicts
    return [(record["ShardId"], int(record["SequenceNumber"])) for record in answer["Records"]]


def engine(
    kinesis: KinesisClient, stream: str, lake: MemoryLake, limits: Limits = NEVER, *, drain: bool = True
) -> PollEngine:
    def make_processor(shard: Shard) -> Processor:
        return Processor(Chain(lake, shard), limits, lambda _: None, "1.0.0")

    return PollEngine(kinesis, stream, make_processor, Stop(), drain=drain, page=7)


def split(cloud: Cloud, stream: str, shard_id: str) -> None:
    shards = cloud.kinesis.list_shards(StreamName=stream)["Shards"]
    keys = next(shard["HashKeyRange"] for shard in shards if shard["ShardId"] == shard_id)
    middle = (int(keys["StartingHashKey"]) + int(keys["EndingHashKey"])) // 2
    cloud.kinesis.split_shard(StreamName=stream, ShardToSplit=shard_id, NewStartingHashKey=str(middle))


def test_drain_reads_every_record_to_the_tip_and_commits_it(cloud: Cloud, stream: str) -> None:
    lake, acknowledged = MemoryLake(), put(cloud, stream, range(40))
    engine(cloud.kinesis, stream, lake).run()
    assert truth.read(lake).positions == sorted(acknowledged)


def test_it_goes_on_where_the_lake_ends(cloud: Cloud, stream: str) -> None:
    lake, acknowledged = MemoryLake(), put(cloud, stream, range(10))
    engine(cloud.kinesis, stream, lake).run()
    engine(cloud.kinesis, stream, lake).run()
    assert len(list(lake.keys("reports/"))) == 1
    acknowledged += put(cloud, stream, range(5, 15))
    engine(cloud.kinesis, stream, lake).run()
    found = truth.read(lake)
    assert found.positions == sorted(acknowledged)
    assert found.outcomes == {"accepted": 15, "duplicate": 5}


def test_parents_are_read_before_their_children_and_remember_for_them(cloud: Cloud, stream: str) -> None:
    lake, parent = MemoryLake(), "shardId-000000000000"
    acknowledged = put(cloud, stream, range(40))
    split(cloud, stream, parent)
    acknowledged += put(cloud, stream, range(80))
    cloud.kinesis.merge_shards(
        StreamName=stream, ShardToMerge="shardId-000000000001", AdjacentShardToMerge="shardId-000000000002"
    )
    acknowledged += put(cloud, stream, range(90))
    engine(cloud.kinesis, stream, lake, Limits(1, 10**9, 10**6)).run()
    found = truth.read(lake)
    assert found.positions == sorted(acknowledged)
    assert len({shard_id for shard_id, _ in acknowledged}) == 4
    assert found.outcomes == {"accepted": 90, "duplicate": 120}


def test_a_shard_that_splits_under_way_is_followed(cloud: Cloud, stream: str) -> None:
    lake, acknowledged = MemoryLake(), put(cloud, stream, range(10))
    running = engine(cloud.kinesis, stream, lake, Limits(1, 10**9, 10**6), drain=False)
    thread = threading.Thread(target=running.run)
    thread.start()
    try:
        wait_for(lake, 10)
        split(cloud, stream, "shardId-000000000000")
        acknowledged += put(cloud, stream, range(10, 30))
        wait_for(lake, 30)
    finally:
        running.stop.set()
        thread.join()
    assert truth.read(lake).positions == sorted(acknowledged)


def wait_for(lake: MemoryLake, segments: int) -> None:
    found, deadline = threading.Event(), 200
    while len(list(lake.keys("reports/"))) < segments:
        deadline -= 1
        assert deadline, "the engine does not go on"
        found.wait(0.1)


def test_a_stop_commits_what_was_read(cloud: Cloud, stream: str) -> None:
    lake, acknowledged = MemoryLake(), put(cloud, stream, range(10))
    read = threading.Semaphore(0)

    class Watched(Processor):
        def receive(self, records: Records, milliseconds_behind: int = 0) -> None:
            super().receive(records, milliseconds_behind)
            read.release(len(records))

    def make_processor(shard: Shard) -> Processor:
        return Watched(Chain(lake, shard), NEVER, lambda _: None, "1.0.0")

    running = PollEngine(cloud.kinesis, stream, make_processor, Stop())
    thread = threading.Thread(target=running.run)
    thread.start()
    for _ in acknowledged:
        assert read.acquire(timeout=60)
    assert not list(lake.keys("reports/")), "nothing was due yet"
    running.stop.set()
    thread.join()
    assert truth.read(lake).positions == sorted(acknowledged)


class Expiring:
    """A client whose iterators have expired each time at first."""

    def __init__(self, kinesis: KinesisClient) -> None:
        self._kinesis = kinesis
        self._fresh = False

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - whatever the client has
        return getattr(self._kinesis, name)

    def get_records(self, **arguments: Any) -> Any:  # noqa: ANN401 - the client's own
        self._fresh = not self._fresh
        if self._fresh:
            error = {"Error": {"Code": "ExpiredIteratorException", "Message": ""}}
            raise self._kinesis.exceptions.ExpiredIteratorException(error, "GetRecords")  # type: ignore[arg-type] # as botocore makes it
        return self._kinesis.get_records(**arguments)


def test_an_expired_iterator_is_asked_for_again(cloud: Cloud, stream: str) -> None:
    lake, acknowledged = MemoryLake(), put(cloud, stream, range(10))
    engine(Expiring(cloud.kinesis), stream, lake).run()  # type: ignore[arg-type] # stands in for the client
    assert truth.read(lake).positions == sorted(acknowledged)


def put_aggregate(cloud: Cloud, stream: str, numbers: Sequence[int]) -> int:
    """Put the reports of these deployments as one record, the first malformed; return its sequence number."""
    bodies = [MALFORMED, *(body(number) for number in numbers[1:])]
    held = aggregate(*(Member(f"key-{number}", each) for number, each in zip(numbers, bodies, strict=True)))
    return int(cloud.kinesis.put_record(StreamName=stream, Data=held, PartitionKey="k")["SequenceNumber"])


class Quitting(Processor):
    """A processor whose process ends when it was handed so many records."""

    left: int

    def receive(self, records: Records, milliseconds_behind: int = 0) -> None:
        super().receive(records[: self.left], milliseconds_behind)
        self.left -= len(records)
        if self.left <= 0:
            raise KeyboardInterrupt


@pytest.mark.parametrize("read", range(1, 9))
def test_it_goes_on_inside_an_aggregate_after_every_member(cloud: Cloud, stream: str, read: int) -> None:
    lake = MemoryLake()
    put(cloud, stream, [0])
    numbers = {put_aggregate(cloud, stream, range(1, 5)), put_aggregate(cloud, stream, range(5, 8))}

    def make_processor(shard: Shard) -> Processor:
        processor = Quitting(Chain(lake, shard), Limits(1, 10**9, 10**6), lambda _: None, "1.0.0")
        processor.left = read
        return processor

    with pytest.raises(KeyboardInterrupt):
        PollEngine(cloud.kinesis, stream, make_processor, Stop(), drain=True).run()
    assert len(truth.read(lake).positions) == read
    engine(Expiring(cloud.kinesis), stream, lake).run()  # type: ignore[arg-type] # stands in for the client
    found = truth.read(lake)
    assert found.outcomes == {"accepted": 6, "malformed": 2}
    assert sorted(found.reports["stack_id"]) == sorted(nonce(number) for number in (0, 2, 3, 4, 6, 7))
    assert {int(number) for number in found.rejects["sequence_number"]} == numbers


def test_an_aggregate_that_ends_a_closed_shard_is_read_once(cloud: Cloud, stream: str) -> None:
    lake, limits = MemoryLake(), Limits(1, 10**9, 10**6)
    put_aggregate(cloud, stream, range(1, 5))
    split(cloud, stream, "shardId-000000000000")
    put(cloud, stream, range(4, 30))
    for _ in range(2):
        engine(cloud.kinesis, stream, lake, limits).run()
    assert truth.read(lake).outcomes == {"malformed": 1, "accepted": 28, "duplicate": 1}


def test_an_iterator_that_expires_after_an_aggregate_gives_no_member_twice(cloud: Cloud, stream: str) -> None:
    lake = MemoryLake()
    put_aggregate(cloud, stream, range(5))
    engine(cloud.kinesis, stream, lake).run()
    for first in range(5, 50, 5):
        put_aggregate(cloud, stream, range(first, first + 5))
    engine(Expiring(cloud.kinesis), stream, lake).run()  # type: ignore[arg-type] # stands in for the client
    found = truth.read(lake)
    assert found.outcomes == {"accepted": 40, "malformed": 10}
    assert len(set(found.positions)) == 10


def test_pages_of_aggregates_without_members_hold_nothing_up(cloud: Cloud, stream: str) -> None:
    lake, empty = MemoryLake(), signed(field(1, b"k"))
    acknowledged = []
    for number in range(3):
        for _ in range(10):
            cloud.kinesis.put_record(StreamName=stream, Data=empty, PartitionKey="k")
        acknowledged += put(cloud, stream, [number])
    cloud.kinesis.put_record(StreamName=stream, Data=empty, PartitionKey="k")
    engine(Expiring(cloud.kinesis), stream, lake).run()  # type: ignore[arg-type] # stands in for the client
    assert truth.read(lake).positions == acknowledged


def test_what_is_dropped_is_logged_once_with_its_place_and_without_its_content(
    cloud: Cloud, fresh_name: str
) -> None:
    cloud.kinesis.create_stream(StreamName=fresh_name, ShardCount=2)
    placed, lake = aggregates.put(cloud.kinesis, fresh_name), MemoryLake()
    with structlog.testing.capture_logs() as lines:
        engine(cloud.kinesis, fresh_name, lake, Limits(50_000, 10**9, 10**6)).run()
    assert sorted(truth.read(lake).positions) == sorted(
        place for place, hard in placed.items() for _ in range(hard.records)
    )
    expected = [
        {
            "event": "aggregate.dropped",
            "log_level": "warning",
            "shard_id": shard_id,
            "position": str(Position(number, hard.records)),
            "members": hard.dropped,
            "reason": hard.reason,
        }
        for (shard_id, number), hard in placed.items()
        if hard.reason
    ]
    told = [line for line in lines if line["event"] == "aggregate.dropped"]
    assert sorted(told, key=place_of) == sorted(expected, key=place_of)


def place_of(line: Mapping[str, Any]) -> str:
    return f"{line['shard_id']} {line['position']}"


def test_a_missing_stream_is_a_matter_of_setup(cloud: Cloud) -> None:
    with pytest.raises(SetupError, match="METRICS_STREAM"):
        engine(cloud.kinesis, "no-such-stream", MemoryLake()).run()


def test_arrivals_are_kept_to_the_millisecond(cloud: Cloud, stream: str) -> None:
    put(cloud, stream, [1])
    lake = MemoryLake()
    engine(cloud.kinesis, stream, lake).run()
    iterator = cloud.kinesis.get_shard_iterator(
        StreamName=stream, ShardId="shardId-000000000000", ShardIteratorType="TRIM_HORIZON"
    )["ShardIterator"]
    told = cloud.kinesis.get_records(ShardIterator=iterator)["Records"][0]["ApproximateArrivalTimestamp"]
    assert truth.read(lake).reports["arrived_at"][0] == told.replace(
        microsecond=told.microsecond // 1000 * 1000
    )


def test_ancestors_are_parents_and_theirs_as_far_as_they_are_listed() -> None:
    parents = {"d": ["b", "c"], "b": ["a"], "c": ["a", "gone"], "a": ["gone"], "e": []}
    assert {name: ancestors(name, parents) for name in parents} == {
        "d": ("b", "c", "a"),
        "b": ("a",),
        "c": ("a",),
        "a": (),
        "e": (),
    }


def test_the_epoch_is_when_the_stream_was_made(cloud: Cloud, stream: str) -> None:
    summary = cloud.kinesis.describe_stream_summary(StreamName=stream)["StreamDescriptionSummary"]
    assert list_shards(cloud.kinesis, stream)[0].epoch == int(summary["StreamCreationTimestamp"].timestamp())


def test_the_shards_share_out_all_hash_keys(cloud: Cloud, fresh_name: str) -> None:
    cloud.kinesis.create_stream(StreamName=fresh_name, ShardCount=3)
    one, two, three = (shard.hash_keys for shard in list_shards(cloud.kinesis, fresh_name))
    assert (one.start, one.stop, two.stop, three.stop) == (0, two.start, three.start, 2**128)
