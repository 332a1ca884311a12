"""The poll engine and aggregates: it goes on inside them, and tells what it drops."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
import structlog

from stream_worker.engines.poll import PollEngine
from stream_worker.lake.chain import Chain
from stream_worker.lake.store import MemoryLake
from stream_worker.process.limits import Limits
from stream_worker.process.stop import Stop
from stream_worker.shard_life.processor import Processor
from stream_worker.stream.kinesis import KinesisStream
from stream_worker.stream.records import Position
from tests.support import truth
from tests.support.e2e import aggregates
from tests.support.e2e.aggregates import Member, aggregate, field, signed
from tests.support.worker.polling import Expiring, engine, put, split
from tests.support.worker.samples import MALFORMED, body, nonce

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from stream_worker.stream.records import Records
    from stream_worker.stream.shard import Shard
    from tests.conftest import Cloud


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
        processor = Quitting(Chain(lake, shard), Limits(1, 10**9, 10**6), lambda _: None)
        processor.left = read
        return processor

    with pytest.raises(KeyboardInterrupt):
        PollEngine(KinesisStream(cloud.kinesis, stream), make_processor, Stop(), drain=True).run()
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
