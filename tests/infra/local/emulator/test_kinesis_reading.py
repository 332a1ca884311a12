"""Iterators, pages and times, asked over HTTP as a consumer does."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from tests.support.local.shards import Reader, put

if TYPE_CHECKING:
    from tests.conftest import Cloud

SHARD = "shardId-000000000000"


@pytest.fixture
def reader(cloud: Cloud, stream: str) -> Reader:
    return Reader(cloud.kinesis, stream)


def first_page(reader: Reader, iterator: str) -> list[bytes]:
    return [record["Data"] for record in reader.kinesis.get_records(ShardIterator=iterator)["Records"]]


def test_iterators_by_sequence_number(cloud: Cloud, reader: Reader) -> None:
    numbers = put(cloud.kinesis, reader.stream, b"a", b"b", b"c")
    at = reader.iterator(SHARD, "AT_SEQUENCE_NUMBER", StartingSequenceNumber=numbers[1])
    after = reader.iterator(SHARD, "AFTER_SEQUENCE_NUMBER", StartingSequenceNumber=numbers[1])
    end = reader.iterator(SHARD, "AFTER_SEQUENCE_NUMBER", StartingSequenceNumber=numbers[2])
    assert first_page(reader, at) == [b"b", b"c"]
    assert first_page(reader, after) == [b"c"]
    assert first_page(reader, end) == []


def test_latest_sees_only_what_comes_after_it(cloud: Cloud, reader: Reader) -> None:
    put(cloud.kinesis, reader.stream, b"a")
    iterator = reader.iterator(SHARD, "LATEST")
    put(cloud.kinesis, reader.stream, b"b")
    assert first_page(reader, iterator) == [b"b"]


def test_at_timestamp_starts_with_the_first_record_of_that_time_or_later(
    cloud: Cloud, reader: Reader
) -> None:
    put(cloud.kinesis, reader.stream, b"a")
    time.sleep(0.01)
    put(cloud.kinesis, reader.stream, b"b", b"c")
    second = reader.records(SHARD)[1]["ApproximateArrivalTimestamp"]
    at = reader.iterator(SHARD, "AT_TIMESTAMP", Timestamp=second)
    before = reader.iterator(SHARD, "AT_TIMESTAMP", Timestamp=datetime(2001, 1, 1, tzinfo=UTC))
    later = reader.iterator(SHARD, "AT_TIMESTAMP", Timestamp=second + timedelta(days=1))
    assert first_page(reader, at)[-2:] == [b"b", b"c"]
    assert first_page(reader, before) == [b"a", b"b", b"c"]
    assert first_page(reader, later) == []


@pytest.mark.parametrize("number", ["1", "49590338271490256608559692538361571095921575989136588898", "x"])
def test_a_number_that_is_not_the_shards_is_refused(cloud: Cloud, reader: Reader, number: str) -> None:
    with pytest.raises(cloud.kinesis.exceptions.InvalidArgumentException, match="is invalid"):
        reader.iterator(SHARD, "AFTER_SEQUENCE_NUMBER", StartingSequenceNumber=number)


def test_a_broken_iterator_and_a_broken_limit_are_refused(cloud: Cloud, reader: Reader) -> None:
    with pytest.raises(cloud.kinesis.exceptions.InvalidArgumentException):
        cloud.kinesis.get_records(ShardIterator="nonsense")
    with pytest.raises(cloud.kinesis.exceptions.InvalidArgumentException):
        cloud.kinesis.get_records(ShardIterator=reader.iterator(SHARD), Limit=10_001)


def test_an_iterator_survives_the_shards_growth(cloud: Cloud, reader: Reader) -> None:
    put(cloud.kinesis, reader.stream, b"a")
    page = cloud.kinesis.get_records(ShardIterator=reader.iterator(SHARD))
    put(cloud.kinesis, reader.stream, b"b")
    assert first_page(reader, page["NextShardIterator"]) == [b"b"]


def test_behind_is_zero_at_the_tip_alone(cloud: Cloud, reader: Reader) -> None:
    put(cloud.kinesis, reader.stream, b"a", b"b")
    time.sleep(0.05)
    first, second = reader.pages(reader.iterator(SHARD), limit=1)
    assert 50 <= first["MillisBehindLatest"] < 60_000
    assert second["MillisBehindLatest"] == 0


def test_a_page_has_ten_thousand_records_at_most(cloud: Cloud, reader: Reader) -> None:
    for _ in range(21):
        put(cloud.kinesis, reader.stream, *[b"a"] * 500)
    pages = list(reader.pages(reader.iterator(SHARD)))
    assert [len(page["Records"]) for page in pages] == [10_000, 500]


def test_arrival_is_now_in_milliseconds_and_never_goes_back(cloud: Cloud, reader: Reader) -> None:
    for body in (b"a", b"b"):
        put(cloud.kinesis, reader.stream, body, body)
    arrivals = [record["ApproximateArrivalTimestamp"] for record in reader.records(SHARD)]
    assert arrivals == sorted(arrivals)
    assert all(arrival.microsecond % 1000 == 0 for arrival in arrivals)
    assert abs((datetime.now(UTC) - arrivals[-1]).total_seconds()) < 60


def test_the_data_come_back_as_they_were(cloud: Cloud, reader: Reader) -> None:
    bodies = (b"\x00\xff\xfe", "schön".encode(), b'{"a": 1}')
    put(cloud.kinesis, reader.stream, *bodies)
    assert reader.data(SHARD) == list(bodies)


def test_the_creation_time_is_the_same_whoever_asks(cloud: Cloud, stream: str) -> None:
    summary = cloud.kinesis.describe_stream_summary(StreamName=stream)["StreamDescriptionSummary"]
    put(cloud.kinesis, stream, b"a")
    described = cloud.kinesis.describe_stream(StreamName=stream)["StreamDescription"]
    assert summary["StreamCreationTimestamp"] == described["StreamCreationTimestamp"]
