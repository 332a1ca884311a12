"""What the emulated stream forgets, and when: records, closed shards, by the clock that it was given."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING

import pytest
from moto.kinesis.models import KinesisBackend, Record

from tests.infra.local.emulator.test_clocks import set_clock
from tests.support.local.shards import Reader, put

if TYPE_CHECKING:
    from tests.conftest import Cloud

SHARD = "shardId-000000000000"
NOON = datetime(2025, 3, 1, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
MIDDLE = str(2**127)


@pytest.fixture
def reader(cloud: Cloud, fresh_name: str) -> Reader:
    """Make a stream of one shard, at noon of a day long ago, that keeps records for a day."""
    set_clock(cloud, fresh_name, NOON)
    cloud.kinesis.create_stream(StreamName=fresh_name, ShardCount=1)
    return Reader(cloud.kinesis, fresh_name)


def at(cloud: Cloud, reader: Reader, now: datetime, *bodies: bytes) -> list[str]:
    """Let it be a time, and put these then."""
    set_clock(cloud, reader.stream, now)
    return put(cloud.kinesis, reader.stream, *bodies) if bodies else []


def test_moto_still_forgets_nothing() -> None:
    backend = KinesisBackend("us-east-1", "123456789012")
    backend.create_stream("s", 1, retention_period_hours=24)
    backend.put_record("", "s", "k", "", "AA==")
    shard = backend.streams["s"].shards[SHARD]
    (record,) = shard.records.values()
    assert isinstance(record, Record)
    record.created_at = 1.0  # 1970
    iterator = backend.get_shard_iterator(None, "s", SHARD, "TRIM_HORIZON", 0, None)  # type: ignore[arg-type] # moto ignores the time here
    _, records, _ = backend.get_records(None, iterator, None)
    assert records == [record]


def test_records_older_than_retention_are_not_given(cloud: Cloud, reader: Reader) -> None:
    at(cloud, reader, NOON, b"a")
    at(cloud, reader, NOON + 2 * HOUR, b"b")
    at(cloud, reader, NOON + 23 * HOUR)
    assert reader.data(SHARD) == [b"a", b"b"]
    at(cloud, reader, NOON + 25 * HOUR)
    assert reader.data(SHARD) == [b"b"]
    at(cloud, reader, NOON + 27 * HOUR)
    assert reader.data(SHARD) == []


@pytest.mark.parametrize("kind", ["AT_SEQUENCE_NUMBER", "AFTER_SEQUENCE_NUMBER"])
def test_an_iterator_at_a_forgotten_record_begins_at_the_horizon_without_a_word(
    cloud: Cloud, reader: Reader, kind: str
) -> None:
    (number, _) = at(cloud, reader, NOON, b"a", b"b")
    at(cloud, reader, NOON + 2 * HOUR, b"c")
    at(cloud, reader, NOON + 25 * HOUR)
    iterator = reader.iterator(SHARD, kind, StartingSequenceNumber=number)  # type: ignore[arg-type] # one of two
    (page,) = reader.pages(iterator)
    assert [record["Data"] for record in page["Records"]] == [b"c"]


def test_an_iterator_that_the_horizon_overtakes_goes_on_at_the_horizon(cloud: Cloud, reader: Reader) -> None:
    at(cloud, reader, NOON, b"a", b"b")
    at(cloud, reader, NOON + 2 * HOUR, b"c")
    page = cloud.kinesis.get_records(ShardIterator=reader.iterator(SHARD), Limit=1)
    at(cloud, reader, NOON + 25 * HOUR)
    (page,) = reader.pages(page["NextShardIterator"])
    assert [record["Data"] for record in page["Records"]] == [b"c"]


def test_a_shorter_retention_forgets_at_once_and_a_longer_one_gives_nothing_back(
    cloud: Cloud, reader: Reader
) -> None:
    name = reader.stream
    cloud.kinesis.increase_stream_retention_period(StreamName=name, RetentionPeriodHours=72)
    at(cloud, reader, NOON, b"a")
    at(cloud, reader, NOON + 40 * HOUR, b"b")
    assert reader.data(SHARD) == [b"a", b"b"]
    cloud.kinesis.decrease_stream_retention_period(StreamName=name, RetentionPeriodHours=24)
    assert reader.data(SHARD) == [b"b"]
    cloud.kinesis.increase_stream_retention_period(StreamName=name, RetentionPeriodHours=72)
    assert reader.data(SHARD) == [b"b"]
    at(cloud, reader, NOON + 70 * HOUR)
    cloud.kinesis.increase_stream_retention_period(StreamName=name, RetentionPeriodHours=96)
    assert reader.data(SHARD) == [b"b"]
    summary = cloud.kinesis.describe_stream_summary(StreamName=name)["StreamDescriptionSummary"]
    assert summary["RetentionPeriodHours"] == 96


def test_a_closed_shard_is_listed_until_it_was_closed_for_as_long_as_retention(
    cloud: Cloud, reader: Reader
) -> None:
    at(cloud, reader, NOON, b"a")
    cloud.kinesis.split_shard(StreamName=reader.stream, ShardToSplit=SHARD, NewStartingHashKey=MIDDLE)
    children = ["shardId-000000000001", "shardId-000000000002"]
    at(cloud, reader, NOON + 23 * HOUR)
    assert reader.shard_ids() == [SHARD, *children]
    iterator = reader.iterator(SHARD)
    at(cloud, reader, NOON + 25 * HOUR)
    assert reader.shard_ids() == children
    for ask in (
        lambda: reader.iterator(SHARD),
        lambda: cloud.kinesis.get_records(ShardIterator=iterator),
    ):
        with pytest.raises(cloud.kinesis.exceptions.ResourceNotFoundException):
            ask()
    cloud.kinesis.split_shard(StreamName=reader.stream, ShardToSplit=children[0], NewStartingHashKey="9")
    assert reader.shard_ids() == [*children, "shardId-000000000003", "shardId-000000000004"]


def test_the_shards_that_were_open_at_a_time_can_be_listed(cloud: Cloud, reader: Reader) -> None:
    at(cloud, reader, NOON + HOUR)
    cloud.kinesis.split_shard(StreamName=reader.stream, ShardToSplit=SHARD, NewStartingHashKey=MIDDLE)

    def open_at(moment: datetime, kind: str = "AT_TIMESTAMP") -> list[str]:
        wanted = {"Type": kind, "Timestamp": moment}
        listed = cloud.kinesis.list_shards(StreamName=reader.stream, ShardFilter=wanted)  # type: ignore[arg-type] # plain dict
        return [shard["ShardId"][-1] for shard in listed["Shards"]]

    assert open_at(NOON - HOUR) == []
    assert open_at(NOON + HOUR / 2) == ["0"]
    assert open_at(NOON + 2 * HOUR) == ["1", "2"]
    assert open_at(NOON + HOUR / 2, "FROM_TIMESTAMP") == ["0", "1", "2"]
    assert open_at(NOON + 2 * HOUR, "FROM_TIMESTAMP") == ["1", "2"]


def test_an_answer_about_the_stream_is_dated_by_its_clock(cloud: Cloud, reader: Reader) -> None:
    at(cloud, reader, NOON + 5 * HOUR)
    answer = cloud.kinesis.describe_stream_summary(StreamName=reader.stream)
    date = parsedate_to_datetime(answer["ResponseMetadata"]["HTTPHeaders"]["date"])
    assert abs(date - NOON - 5 * HOUR) < timedelta(minutes=5)
