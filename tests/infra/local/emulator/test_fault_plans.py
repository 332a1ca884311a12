"""Which requests a plan strikes, how often and how long; and that a plan without sense is refused."""

from __future__ import annotations

import http.client
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pytest
from botocore.exceptions import ClientError

from infra.local.emulator.control import ask
from infra.local.emulator.fault import Fault, Kind
from tests.support.local.control import faults
from tests.support.local.fault_client import code
from tests.support.local.shards import put

if TYPE_CHECKING:
    from tests.conftest import Cloud


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
