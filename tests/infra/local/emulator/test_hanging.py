"""Requests that hang: they are done late or never, and hold up nobody else."""

from __future__ import annotations

import signal
import time
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest
from botocore.exceptions import ConnectionClosedError

from infra.local.emulator.fault import Fault, Kind
from infra.local.emulator.faults import HANGING
from infra.local.endpoint import start_cloud
from tests.conftest import Cloud
from tests.support.local.control import Sabotage, faults
from tests.support.local.fault_client import exists
from tests.support.local.shards import put

if TYPE_CHECKING:
    from pathlib import Path


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
