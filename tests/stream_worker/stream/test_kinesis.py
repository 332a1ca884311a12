"""The stream as the worker knows it: what Kinesis returns, and its errors as the worker's own."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import boto3
import pytest
from botocore.config import Config
from botocore.stub import Stubber

from stream_worker.process.errors import OutageError, SetupError
from stream_worker.stream.kinesis import KinesisStream, ShardNotFoundError
from tests.support.worker.polling import Expiring, put, split

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.conftest import Cloud

SHARD = "shardId-000000000000"

CALLS: list[tuple[str, Callable[[KinesisStream], object]]] = [
    ("describe_stream_summary", lambda stream: stream.summary()),
    ("list_shards", lambda stream: stream.listed()),
    ("list_shards", lambda stream: stream.listed_ids("AT_TIMESTAMP", datetime.now(UTC))),
    ("get_shard_iterator", lambda stream: stream.iterator(SHARD, "LATEST")),
    ("get_records", lambda stream: stream.read("an iterator")),
]


@pytest.mark.parametrize("ask", [ask for operation, ask in CALLS if operation != "get_records"])
def test_a_stream_that_is_missing_is_a_matter_of_setup_at_every_call(
    cloud: Cloud, ask: Callable[[KinesisStream], object]
) -> None:
    with pytest.raises(SetupError, match="stream no-such: ResourceNotFoundException; check METRICS_STREAM"):
        ask(KinesisStream(cloud.kinesis, "no-such"))


@pytest.mark.parametrize(("operation", "ask"), CALLS)
@pytest.mark.parametrize(
    ("code", "status", "error"),
    [
        ("ProvisionedThroughputExceededException", 400, OutageError),
        ("InternalFailure", 500, OutageError),
        ("AccessDeniedException", 400, SetupError),
    ],
)
def test_what_kinesis_refuses_is_an_outage_or_a_matter_of_setup_at_every_call(
    operation: str, ask: Callable[[KinesisStream], object], code: str, status: int, error: type[Exception]
) -> None:
    with pytest.raises(error, match="stream m: ") as raised:
        ask(answering(operation, code, status))
    assert code in str(raised.value)
    assert not isinstance(raised.value, ShardNotFoundError)


def answering(operation: str, code: str, status: int) -> KinesisStream:
    """Return a stream whose answer to an operation is an error."""
    client = boto3.client(
        "kinesis",
        region_name="eu-west-1",
        aws_access_key_id="x",
        aws_secret_access_key="x",  # noqa: S106 - no call leaves the stub
        config=Config(retries={"total_max_attempts": 1}),
    )
    stubber = Stubber(client)
    stubber.add_client_error(operation, code, http_status_code=status)
    stubber.activate()
    return KinesisStream(client, "m")


def test_a_missing_shard_is_not_a_missing_stream(cloud: Cloud, stream: str) -> None:
    kinesis = KinesisStream(cloud.kinesis, stream)
    (shard,) = kinesis.shards()
    with pytest.raises(ShardNotFoundError, match=f"stream {stream}: ResourceNotFoundException"):
        kinesis.iterator("shardId-000000000099", "TRIM_HORIZON")
    assert kinesis.lists(shard)
    cloud.kinesis.delete_stream(StreamName=stream)
    with pytest.raises(SetupError, match="METRICS_STREAM"):
        kinesis.lists(shard)


def test_an_expired_iterator_gives_none_and_no_error(cloud: Cloud, stream: str) -> None:
    kinesis = KinesisStream(Expiring(cloud.kinesis), stream)  # type: ignore[arg-type] # stands in for the client
    iterator = kinesis.iterator(SHARD, "TRIM_HORIZON")
    assert kinesis.read(iterator) is None
    assert kinesis.read(iterator) is not None


def test_each_kind_of_iterator_begins_where_it_says(cloud: Cloud, stream: str) -> None:
    numbers = [str(number) for _, number in put(cloud, stream, range(3))]
    kinesis = KinesisStream(cloud.kinesis, stream)

    def read(iterator: str) -> list[str]:
        page = kinesis.read(iterator)
        assert page is not None
        return page.records.sequence_numbers

    long_ago = datetime.now(UTC) - timedelta(hours=1)
    assert read(kinesis.iterator(SHARD, "TRIM_HORIZON")) == numbers
    assert read(kinesis.iterator(SHARD, "AT_TIMESTAMP", timestamp=long_ago)) == numbers
    assert read(kinesis.iterator(SHARD, "AT_SEQUENCE_NUMBER", sequence_number=numbers[1])) == numbers[1:]
    assert read(kinesis.iterator(SHARD, "AFTER_SEQUENCE_NUMBER", sequence_number=numbers[1])) == numbers[2:]
    assert read(kinesis.iterator(SHARD, "LATEST")) == []


def test_a_closed_shard_ends_where_no_iterator_follows(cloud: Cloud, stream: str) -> None:
    kinesis = KinesisStream(cloud.kinesis, stream)
    put(cloud, stream, range(2))
    split(cloud, stream, SHARD)
    page = kinesis.read(kinesis.iterator(SHARD, "TRIM_HORIZON"))
    while page is not None and page.next_iterator is not None:
        page = kinesis.read(page.next_iterator)
    assert page is not None
    listed = {shard.shard_id[-1]: (shard.is_closed, shard.parents) for shard in kinesis.listed()}
    assert listed == {"0": (True, ()), "1": (False, (SHARD,)), "2": (False, (SHARD,))}
