"""Each fault as a client sees it, over HTTP, with one attempt; and that it strikes nobody else."""

from __future__ import annotations

import http.client
import signal
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pytest
from botocore.config import Config
from botocore.exceptions import ClientError, ConnectionClosedError, ReadTimeoutError

from infra.local.endpoint import start_cloud
from infra.local.fault import Fault, Kind
from infra.local.faults import HANGING
from tests.conftest import SESSION, Cloud
from tests.infra.local.control import Sabotage, ask, faults
from tests.infra.local.shards import Reader, put

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

KEY = "key"


@pytest.fixture(scope="module")
def cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cloud]:
    """Start a cloud of this module's own: what is broken here must not be broken for others."""
    with start_cloud(tmp_path_factory.mktemp("faulty") / "cloud.log") as endpoint:
        yield Cloud(endpoint)


@pytest.fixture
def table(cloud: Cloud, fresh_name: str) -> str:
    cloud.dynamodb.create_table(
        TableName=fresh_name,
        KeySchema=[{"AttributeName": KEY, "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": KEY, "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
    )
    return fresh_name


def code(act: Callable[[], object]) -> tuple[int, str]:
    """Return the status and the code that a client reads from an error."""
    with pytest.raises(ClientError) as caught:
        act()
    answer = caught.value.response
    return answer["ResponseMetadata"]["HTTPStatusCode"], answer["Error"]["Code"]


def exists(cloud: Cloud, bucket: str, key: str) -> bool:
    return any(one["Key"] == key for one in cloud.s3.list_objects_v2(Bucket=bucket).get("Contents", ()))


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


def test_a_hanging_request_does_not_keep_the_cloud_from_stopping(tmp_path: Path) -> None:
    with start_cloud(tmp_path / "log") as endpoint, ThreadPoolExecutor(1) as thread:
        cloud = Cloud(endpoint)
        Sabotage(cloud.url).set(hang := Fault(service="s3", kind=Kind.HANG_THEN_DO))
        asked = thread.submit(cloud.s3.list_buckets)
        while Sabotage(cloud.url).hits != [1]:
            time.sleep(0.01)
        endpoint.process.send(signal.SIGTERM)
        assert endpoint.process.wait(hang.hang / 2) == 0
        with pytest.raises(ConnectionClosedError):
            asked.result()


def test_what_hangs_is_done_late_or_never(cloud: Cloud, bucket: str) -> None:
    plan = (
        Fault(service="s3", kind=Kind.HANG_THEN_DO, resource=f"{bucket}/late", hang=0.5),
        Fault(service="s3", kind=Kind.HANG_THEN_BREAK, resource=f"{bucket}/never", hang=0.5),
    )
    with faults(cloud.url, *plan):
        began = time.monotonic()
        cloud.s3.put_object(Bucket=bucket, Key="late", Body=b"x")
        with pytest.raises(ConnectionClosedError):
            cloud.s3.put_object(Bucket=bucket, Key="never", Body=b"x")
        assert time.monotonic() - began > 1
    assert exists(cloud, bucket, "late")
    assert not exists(cloud, bucket, "never")


def test_a_hanging_s3_leaves_the_others_answering_and_goes_on_when_the_plan_ends(
    cloud: Cloud, bucket: str, stream: str, table: str
) -> None:
    def put_object(index: int) -> None:
        cloud.s3.put_object(Bucket=bucket, Key=f"{index}", Body=b"x")

    with ThreadPoolExecutor(HANGING) as threads:
        with faults(cloud.url, Fault(service="s3", kind=Kind.HANG_THEN_DO, hang=60)) as struck:
            hanging = [threads.submit(put_object, index) for index in range(HANGING)]
            while struck.hits != [HANGING]:
                time.sleep(0.01)
            for _ in range(20):
                put(cloud.kinesis, stream, b"a")
                cloud.dynamodb.scan(TableName=table)
            assert not any(one.done() for one in hanging)
        for one in hanging:
            one.result(30)
    assert cloud.s3.list_objects_v2(Bucket=bucket)["KeyCount"] == HANGING


def test_one_more_than_may_hang_is_broken_off_and_told(cloud: Cloud, bucket: str) -> None:
    with ThreadPoolExecutor(HANGING) as threads:
        with faults(
            cloud.url, Fault(service="s3", kind=Kind.HANG_THEN_DO, operation="ListObjectsV2")
        ) as struck:
            hanging = [threads.submit(cloud.s3.list_objects_v2, Bucket=bucket) for _ in range(HANGING)]
            while struck.hits != [HANGING]:
                time.sleep(0.01)
            with pytest.raises(ConnectionClosedError):
                cloud.s3.list_objects_v2(Bucket=bucket)
            with pytest.raises(AssertionError, match="more requests hung"):
                _ = struck.hits
        for one in hanging:
            one.result(30)


def test_a_share_is_spread_evenly_whoever_asks(cloud: Cloud, table: str) -> None:
    def refused(_index: int = 0) -> bool:
        try:
            cloud.dynamodb.scan(TableName=table)
        except ClientError:
            return True
        return False

    with faults(cloud.url, Fault(service="dynamodb", kind=Kind.THROTTLING, share=0.25)) as struck:
        assert [refused() for _ in range(8)] == [False, False, False, True] * 2
        with ThreadPoolExecutor(8) as threads:
            assert sum(threads.map(refused, range(40))) == 10
    assert struck.hits == [12]


def test_a_fault_strikes_as_often_as_it_may_and_then_the_next_one_does(cloud: Cloud, bucket: str) -> None:
    plan = (
        Fault(service="s3", kind=Kind.SLOW_DOWN, operation="Put*", times=2),
        Fault(service="s3", kind=Kind.CONFLICT, operation="Put*", times=1),
    )
    put_object = partial(cloud.s3.put_object, Bucket=bucket, Key="k")
    with faults(cloud.url, *plan) as struck:
        assert [code(put_object)[0] for _ in range(3)] == [503, 503, 409]
        put_object()
    assert struck.hits == [2, 1]


def test_a_fault_ends_by_itself_after_its_seconds(cloud: Cloud, table: str) -> None:
    with faults(cloud.url, Fault(service="dynamodb", kind=Kind.FAIL, seconds=1)) as struck:
        began = time.monotonic()
        assert code(lambda: cloud.dynamodb.scan(TableName=table))[0] == 500
        time.sleep(1.1 - (time.monotonic() - began))
        cloud.dynamodb.scan(TableName=table)
    assert struck.hits == [1]


def test_a_resource_is_struck_and_its_neighbour_is_not(cloud: Cloud, bucket: str, stream: str) -> None:
    plan = (
        Fault(service="s3", kind=Kind.FAIL, resource=f"{bucket}/reports/"),
        Fault(service="kinesis", kind=Kind.FAIL, resource="another-stream"),
    )
    with faults(cloud.url, *plan) as struck:
        put(cloud.kinesis, stream, b"a")
        cloud.s3.put_object(Bucket=bucket, Key="rejects/a")
        assert code(lambda: cloud.s3.put_object(Bucket=bucket, Key="reports/a"))[0] == 500
        assert code(lambda: cloud.s3.list_objects_v2(Bucket=bucket, Prefix="reports/live/"))[0] == 500
    assert struck.hits == [2, 0]


def test_a_new_plan_replaces_the_old_one_and_lets_go_what_it_held(cloud: Cloud, bucket: str) -> None:
    with faults(cloud.url, Fault(service="s3", kind=Kind.HANG_THEN_DO)) as struck:
        hanging = threading.Thread(target=cloud.s3.list_objects_v2, kwargs={"Bucket": bucket})
        hanging.start()
        while struck.hits != [1]:
            time.sleep(0.01)
        struck.set(Fault(service="s3", kind=Kind.CONFLICT))
        hanging.join(30)
        assert not hanging.is_alive()
        assert code(lambda: cloud.s3.list_objects_v2(Bucket=bucket))[0] == 409
    assert ask(cloud.url, "GET", "/_faults") == {"faults": [], "overfull": 0}


@pytest.mark.parametrize(
    ("document", "complaint"),
    [
        ({}, "not a list"),
        ([{"service": "s3", "kind": "fail", "shaer": 1}], "no other members than"),
        ([{"service": "sqs", "kind": "fail"}], "service is 'sqs'"),
        ([{"service": "s3", "kind": "explode"}], "'explode' is not a valid Kind"),
        ([{"service": "s3"}], "needs a service and a kind"),
        ([{"service": "s3", "kind": "fail", "share": 2}], "share is 2"),
    ],
)
def test_a_plan_that_makes_no_sense_is_refused_and_changes_nothing(
    cloud: Cloud, document: object, complaint: str
) -> None:
    with faults(cloud.url, Fault(service="s3", kind=Kind.FAIL)) as struck:
        with pytest.raises(ValueError, match=complaint):
            ask(cloud.url, "POST", "/_faults", document)
        assert struck.hits == [0]


def test_another_method_is_refused(cloud: Cloud) -> None:
    connection = http.client.HTTPConnection(urlsplit(cloud.url).netloc, timeout=10)
    connection.request("PUT", "/_faults")
    assert connection.getresponse().status == 405
    connection.close()
