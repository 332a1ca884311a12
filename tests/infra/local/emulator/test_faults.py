"""Each fault as a client sees it, over HTTP, with one attempt; and that it strikes nobody else."""

from __future__ import annotations

from functools import partial

import pytest
from botocore.config import Config
from botocore.exceptions import ClientError, ConnectionClosedError, ReadTimeoutError

from infra.local.emulator.fault import Fault, Kind
from tests.conftest import SESSION, Cloud
from tests.support.local.control import faults
from tests.support.local.fault_client import KEY, code, exists
from tests.support.local.shards import Reader, put


@pytest.mark.parametrize(
    ("kind", "status", "expected"),
    [
        (Kind.SLOW_DOWN, 503, "SlowDown"),
        (Kind.CONFLICT, 409, "ConditionalRequestConflict"),
        (Kind.FAIL, 500, "InternalError"),
    ],
)
def test_s3_refuses_in_xml_and_does_nothing(
    cloud: Cloud, bucket: str, kind: Kind, status: int, expected: str
) -> None:
    large = b"x" * 3_000_000
    with faults(cloud.url, Fault(service="s3", kind=kind, operation="PutObject")) as struck:
        put_object = partial(cloud.s3.put_object, Bucket=bucket, Key="k", Body=large, IfNoneMatch="*")
        assert code(put_object) == (status, expected)
        assert not exists(cloud, bucket, "k")
    assert struck.hits == [1]
    put_object()


def test_a_head_has_the_status_alone(cloud: Cloud, bucket: str) -> None:
    with faults(cloud.url, Fault(service="s3", kind=Kind.SLOW_DOWN)):
        assert code(lambda: cloud.s3.head_object(Bucket=bucket, Key="k")) == (503, "503")


@pytest.mark.parametrize(
    ("kind", "status", "expected"),
    [
        (Kind.THROUGHPUT_EXCEEDED, 400, "ProvisionedThroughputExceededException"),
        (Kind.THROTTLING, 400, "ThrottlingException"),
        (Kind.FAIL, 500, "InternalServerError"),
    ],
)
def test_dynamodb_refuses_in_json(cloud: Cloud, table: str, kind: Kind, status: int, expected: str) -> None:
    with faults(cloud.url, Fault(service="dynamodb", kind=kind)) as struck:
        assert code(lambda: cloud.dynamodb.scan(TableName=table)) == (status, expected)
        assert code(lambda: cloud.dynamodb.put_item(TableName=table, Item={KEY: {"S": "a"}})) == (
            status,
            expected,
        )
    assert struck.hits == [2]
    assert cloud.dynamodb.scan(TableName=table)["Count"] == 0


def test_a_throttled_client_gets_the_exception_that_it_knows(cloud: Cloud, table: str) -> None:
    with (
        faults(cloud.url, Fault(service="dynamodb", kind=Kind.THROUGHPUT_EXCEEDED)),
        pytest.raises(cloud.dynamodb.exceptions.ProvisionedThroughputExceededException),
    ):
        cloud.dynamodb.scan(TableName=table)


@pytest.mark.parametrize(
    ("kind", "status", "expected"),
    [
        (Kind.THROUGHPUT_EXCEEDED, 400, "ProvisionedThroughputExceededException"),
        (Kind.EXPIRED_ITERATOR, 400, "ExpiredIteratorException"),
        (Kind.FAIL, 500, "InternalFailure"),
    ],
)
def test_kinesis_refuses_reads_and_takes_puts(
    cloud: Cloud, stream: str, kind: Kind, status: int, expected: str
) -> None:
    reader = Reader(cloud.kinesis, stream)
    iterator = reader.iterator("shardId-000000000000")
    with faults(cloud.url, Fault(service="kinesis", operation="GetRecords", kind=kind)):
        assert code(lambda: cloud.kinesis.get_records(ShardIterator=iterator)) == (status, expected)
        put(cloud.kinesis, stream, b"a")
    assert reader.data("shardId-000000000000") == [b"a"]


def test_a_broken_connection_is_one_and_nothing_is_done(cloud: Cloud, bucket: str) -> None:
    with (
        faults(cloud.url, Fault(service="s3", operation="PutObject", kind=Kind.BREAK)),
        pytest.raises(ConnectionClosedError),
    ):
        cloud.s3.put_object(Bucket=bucket, Key="k", Body=b"x")
    assert not exists(cloud, bucket, "k")


@pytest.mark.parametrize("kind", [Kind.DO_THEN_FAIL, Kind.DO_THEN_BREAK, Kind.DO_THEN_HANG])
def test_of_what_was_done_the_answer_is_lost(cloud: Cloud, bucket: str, stream: str, kind: Kind) -> None:
    impatient = Config(retries={"total_max_attempts": 1}, read_timeout=0.5)
    s3 = SESSION.client("s3", endpoint_url=cloud.url, config=impatient)
    kinesis = SESSION.client("kinesis", endpoint_url=cloud.url, config=impatient)
    plan = (
        Fault(service="s3", operation="PutObject", kind=kind),
        Fault(service="kinesis", operation="PutRecords", kind=kind),
    )
    lost = (ClientError, ConnectionClosedError, ReadTimeoutError)
    with faults(cloud.url, *plan) as struck:
        with pytest.raises(lost):
            s3.put_object(Bucket=bucket, Key="k", Body=b"x", IfNoneMatch="*", Metadata={"owner": "me"})
        with pytest.raises(lost):
            put(kinesis, stream, b"a")
        assert cloud.s3.head_object(Bucket=bucket, Key="k")["Metadata"] == {"owner": "me"}
    assert struck.hits == [1, 1]
    assert Reader(cloud.kinesis, stream).data("shardId-000000000000") == [b"a"]
    assert code(lambda: cloud.s3.put_object(Bucket=bucket, Key="k", IfNoneMatch="*"))[0] == 412
