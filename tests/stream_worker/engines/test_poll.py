"""The poll engine on the emulated Kinesis, in this process, with a lake in memory."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

import pytest

from stream_worker.engines.poll import PollEngine
from stream_worker.lake.chain import Chain
from stream_worker.lake.store import MemoryLake
from stream_worker.process.errors import SetupError
from stream_worker.process.limits import Limits
from stream_worker.process.stop import Stop
from stream_worker.shard_life.processor import Processor
from stream_worker.stream.kinesis import KinesisStream
from tests.support import truth
from tests.support.worker.polling import NEVER, Expiring, engine, put, split

if TYPE_CHECKING:
    from stream_worker.stream.records import Records
    from stream_worker.stream.shard import Shard
    from tests.conftest import Cloud


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
        return Watched(Chain(lake, shard), NEVER, lambda _: None)

    running = PollEngine(KinesisStream(cloud.kinesis, stream), make_processor, Stop())
    thread = threading.Thread(target=running.run)
    thread.start()
    for _ in acknowledged:
        assert read.acquire(timeout=60)
    assert not list(lake.keys("reports/")), "nothing was due yet"
    running.stop.set()
    thread.join()
    assert truth.read(lake).positions == sorted(acknowledged)


def test_an_expired_iterator_is_asked_for_again(cloud: Cloud, stream: str) -> None:
    lake, acknowledged = MemoryLake(), put(cloud, stream, range(10))
    engine(Expiring(cloud.kinesis), stream, lake).run()  # type: ignore[arg-type] # stands in for the client
    assert truth.read(lake).positions == sorted(acknowledged)


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


def test_shards_together_hold_no_more_bytes_than_the_engine_may(cloud: Cloud, two_shards: str) -> None:
    lake, acknowledged = MemoryLake(), put(cloud, two_shards, range(60))
    bounded = engine(cloud.kinesis, two_shards, lake)
    bounded.held_bytes = 1_000
    bounded.run()
    found = truth.read(lake)
    assert found.positions == sorted(acknowledged)
    assert len(found.summaries) > 2  # the buffers themselves are due only at the end
