"""Records arrive when the emulator is told that they do; each test sets the clock of its own stream."""

from __future__ import annotations

import itertools
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from infra.local.emulator.control import ask
from infra.local.endpoint import start_cloud
from infra.local.resources import Resources
from infra.local.system import Cloud as OwnCloud
from tests.conftest import Cloud
from tests.support.local.shards import Reader, put

if TYPE_CHECKING:
    from pathlib import Path

    from mypy_boto3_kinesis.type_defs import RecordTypeDef

SHARD = "shardId-000000000000"
NOON = datetime(2025, 3, 1, 12, tzinfo=UTC)
DAY = timedelta(days=1)
SECOND = timedelta(seconds=1)


def path(stream: str) -> str:
    return f"/_clock?stream={stream}"


def set_clock(cloud: Cloud, stream: str, now: datetime, **more: float) -> None:
    ask(cloud.url, "PUT", path(stream), {"now": now.isoformat(), **more})


def arrivals(records: list[RecordTypeDef]) -> list[datetime]:
    return [record["ApproximateArrivalTimestamp"] for record in records]


def soon_after(moment: datetime, told: datetime) -> bool:
    return moment <= told < moment + 60 * SECOND


@pytest.fixture
def reader(cloud: Cloud, stream: str) -> Reader:
    return Reader(cloud.kinesis, stream)


@pytest.fixture
def late(cloud: Cloud, fresh_name: str) -> Reader:
    """Make a stream of one shard at noon of a day long ago; it keeps records for a week."""
    set_clock(cloud, fresh_name, NOON)
    cloud.kinesis.create_stream(StreamName=fresh_name, ShardCount=1)
    cloud.kinesis.increase_stream_retention_period(StreamName=fresh_name, RetentionPeriodHours=168)
    return Reader(cloud.kinesis, fresh_name)


def test_records_arrive_from_then_on_and_the_clock_ticks(cloud: Cloud, late: Reader) -> None:
    put(cloud.kinesis, late.stream, b"a")
    put(cloud.kinesis, late.stream, b"b")
    set_clock(cloud, late.stream, NOON + DAY)
    put(cloud.kinesis, late.stream, b"c")
    first, second, third = arrivals(late.records(SHARD))
    assert soon_after(NOON, first)
    assert first < second
    assert soon_after(NOON + DAY, third)


def test_the_machines_time_comes_back(cloud: Cloud, late: Reader) -> None:
    put(cloud.kinesis, late.stream, b"a")
    told = ask(cloud.url, "DELETE", path(late.stream))
    put(cloud.kinesis, late.stream, b"b")
    now = datetime.now(UTC)
    assert soon_after(now - 60 * SECOND, arrivals(late.records(SHARD))[-1])
    assert soon_after(now - 60 * SECOND, datetime.fromisoformat(told["now"]))


def test_the_clock_is_told(cloud: Cloud, late: Reader) -> None:
    set_clock(cloud, late.stream, NOON, jitter_seconds=3)
    told = ask(cloud.url, "GET", path(late.stream))
    assert told["jitter_seconds"] == 3
    assert soon_after(NOON, datetime.fromisoformat(told["now"]))


def test_what_kinesis_derives_follows(cloud: Cloud, late: Reader) -> None:
    summary = cloud.kinesis.describe_stream_summary(StreamName=late.stream)["StreamDescriptionSummary"]
    assert soon_after(NOON, summary["StreamCreationTimestamp"])
    (number,) = put(cloud.kinesis, late.stream, b"a")
    put(cloud.kinesis, late.stream, b"b")
    assert born(number) == int(summary["StreamCreationTimestamp"].timestamp())
    set_clock(cloud, late.stream, NOON + DAY)
    first, last = late.pages(late.iterator(SHARD), limit=1)
    assert abs(first["MillisBehindLatest"] / 1000 - DAY.total_seconds()) < 60
    assert last["MillisBehindLatest"] == 0
    cloud.kinesis.split_shard(StreamName=late.stream, ShardToSplit=SHARD, NewStartingHashKey=str(2**127))
    (number,) = put(cloud.kinesis, late.stream, b"c")
    assert soon_after(NOON + DAY, datetime.fromtimestamp(born(number), UTC))


def born(number: str) -> int:
    return int(number) >> 148 & 2**36 - 1


def test_a_time_of_that_day_is_where_reading_begins(cloud: Cloud, late: Reader) -> None:
    for days in range(3):
        set_clock(cloud, late.stream, NOON + days * DAY)
        put(cloud.kinesis, late.stream, b"%d" % days)
    for days, moment in enumerate([NOON, NOON + DAY, NOON + 2 * DAY]):
        page = cloud.kinesis.get_records(ShardIterator=late.iterator(SHARD, "AT_TIMESTAMP", Timestamp=moment))
        assert [record["Data"] for record in page["Records"]] == [b"0", b"1", b"2"][days:]


def test_with_jitter_neighbours_are_out_of_order_and_the_same_each_time(
    cloud: Cloud, late: Reader, fresh_name: str
) -> None:
    cloud.kinesis.create_stream(StreamName=f"{fresh_name}-2", ShardCount=1)
    offs = []
    for reader in (late, Reader(cloud.kinesis, f"{fresh_name}-2")):
        set_clock(cloud, reader.stream, NOON, jitter_seconds=300, seed=7)
        put(cloud.kinesis, reader.stream, *[b"a"] * 50)
        found = arrivals(reader.records(SHARD))
        assert all(abs(arrival - NOON) < 360 * SECOND for arrival in found)
        assert any(later < earlier for earlier, later in itertools.pairwise(found))
        offs.append(found)
    assert all(abs(one - other) < 60 * SECOND for one, other in zip(*offs, strict=True))


def test_with_jitter_a_time_still_leads_to_the_first_record_of_then_or_later(
    cloud: Cloud, late: Reader
) -> None:
    set_clock(cloud, late.stream, NOON, jitter_seconds=5)
    put(cloud.kinesis, late.stream, *[b"%d" % index for index in range(40)])
    records = late.records(SHARD)
    for moment in arrivals(records):
        first = next(record for record in records if record["ApproximateArrivalTimestamp"] >= moment)
        at = late.iterator(SHARD, "AT_TIMESTAMP", Timestamp=moment)
        page = cloud.kinesis.get_records(ShardIterator=at, Limit=1)
        assert page["Records"][0]["SequenceNumber"] == first["SequenceNumber"]


def test_a_stream_with_later_records_is_not_set_back(cloud: Cloud, reader: Reader) -> None:
    set_clock(cloud, reader.stream, NOON)
    put(cloud.kinesis, reader.stream, b"a")
    for earlier in (NOON - DAY, NOON):
        with pytest.raises(ValueError, match=f"400: stream {reader.stream} has a record that arrived"):
            set_clock(cloud, reader.stream, earlier)
    set_clock(cloud, reader.stream, arrivals(reader.records(SHARD))[-1])


def test_a_stream_that_is_made_again_can_be_set_back(cloud: Cloud, late: Reader) -> None:
    put(cloud.kinesis, late.stream, b"a")
    cloud.kinesis.delete_stream(StreamName=late.stream)
    cloud.kinesis.create_stream(StreamName=late.stream, ShardCount=1)
    set_clock(cloud, late.stream, NOON - DAY)
    put(cloud.kinesis, late.stream, b"b")
    assert soon_after(NOON - DAY, arrivals(late.records(SHARD))[0])


def test_all_streams_are_set_at_once_and_another_service_is_not(tmp_path: Path) -> None:
    with start_cloud(tmp_path / "cloud.log") as endpoint:
        cloud = Cloud(endpoint)
        cloud.kinesis.create_stream(StreamName="before", ShardCount=1)
        ask(cloud.url, "PUT", "/_clock", {"now": NOON.isoformat()})
        cloud.kinesis.create_stream(StreamName="after", ShardCount=1)
        for stream in ("before", "after"):
            put(cloud.kinesis, stream, b"a")
            (arrival,) = arrivals(Reader(cloud.kinesis, stream).records(SHARD))
            assert soon_after(NOON, arrival)
        with pytest.raises(ValueError, match="has a record that arrived at"):
            ask(cloud.url, "PUT", "/_clock", {"now": (NOON - DAY).isoformat()})
        cloud.s3.create_bucket(Bucket="bucket")
        assert cloud.s3.list_buckets()["Buckets"][0]["CreationDate"] > NOON + DAY


def test_the_local_system_sets_its_own_stream(cloud: Cloud, late: Reader) -> None:
    names = Resources(stream=late.stream, shards=1, bucket="none", database="none")
    own = OwnCloud(cloud.endpoint, names)
    own.set_clock(NOON + DAY, jitter_seconds=1)
    put(own.kinesis, late.stream, b"a")
    assert abs(arrivals(late.records(SHARD))[0] - NOON - DAY) < 60 * SECOND
    own.set_clock(None)
    told = ask(cloud.url, "GET", path(late.stream))
    assert told["jitter_seconds"] == 0
    assert soon_after(datetime.now(UTC) - 60 * SECOND, datetime.fromisoformat(told["now"]))


@pytest.mark.parametrize(
    ("query", "document", "complaint"),
    [
        ("?stream=x", {"now": "noon"}, "valid datetime"),
        ("?stream=x", {"now": "2026-03-01T12:00:00"}, "timezone"),
        ("?stream=x", {"now": "1969-03-01T12:00:00Z"}, "greater than or equal"),
        ("?stream=x", {"when": "2026-03-01T12:00:00Z"}, "not permitted"),
        ("?stream=x", {"jitter_seconds": -1}, "greater than or equal"),
        ("?stream=x", [], "object"),
        ("?steam=x", {}, "no other query than"),
        ("?stream=", {}, "no other query than"),
    ],
)
def test_what_makes_no_sense_is_refused(cloud: Cloud, query: str, document: object, complaint: str) -> None:
    with pytest.raises(ValueError, match=f"(?s)400: .*{complaint}"):
        ask(cloud.url, "PUT", f"/_clock{query}", document)


def test_another_method_is_refused(cloud: Cloud) -> None:
    with pytest.raises(ValueError, match="405: GET, PUT or DELETE"):
        ask(cloud.url, "POST", "/_clock")
