"""The runbook, tried: each alarm's cause is provoked, it rings, and its commands print what they should."""

from __future__ import annotations

import http.client
import re
import time
from datetime import timedelta
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final

import pytest

from infra.local.emulator.fault import Fault, Kind
from stream_worker.shard_life.pulse import HEARTBEAT_SECONDS
from tests.e2e.test_days import TODAY, command, put_on
from tests.e2e.test_gaps import keep_a_day
from tests.support.e2e.aws_command import NETWORK
from tests.support.e2e.installation import SECONDS, count
from tests.support.e2e.on_call import delete, ecs, on_call, segments
from tests.support.e2e.operator import Operator
from tests.support.local.control import faults
from tests.support.local.shards import Reader
from tests.support.runbook import preface

if TYPE_CHECKING:
    from tests.support.e2e.installation import Installation
    from tests.support.e2e.producer import Producer


REASONS: Final = ("malformed", "invalid", "fraud", "duplicate")


def test_a_worker_that_is_late_or_not_there(installation: Installation, producer: Producer) -> None:
    """Yesterday's records wait; then a worker is refused by Kinesis for a minute, and by S3 after that."""
    cloud, noon = installation.cloud, TODAY - timedelta(hours=12)
    bucket = cloud.resources.bucket
    cloud.set_clock(noon)
    for _ in range(3):  # 13 MB: more than a page, so that the reader sees that it is behind
        producer.put_long(70)
    cloud.set_clock(None)
    with (
        on_call(installation, "iterator-age", DAY=noon.date()) as age,
        on_call(installation, "oldest-uncommitted-age", DAY=noon.date()) as oldest,
    ):
        assert age.alarm.rings({}), "nobody reads"
        assert oldest.rings(), "and nothing is said"
        assert age.rings(**{"GetRecords.IteratorAgeMilliseconds": [behind(installation)]})
        age.answers = ecs(1, 0)
        age.try_step("Look", 0)
        refused = installation.worker("worker", bucket="no-such-bucket")
        assert refused.wait(SECONDS) == 1
        oldest.try_step("Look", 0)
        age.answers = oldest.answers = ecs(1, 1)
        age.try_step("Do", 0)
        unread = Fault(service="kinesis", operation="GetRecords", kind=Kind.EXPIRED_ITERATOR)
        full = Fault(service="s3", operation="PutObject", resource=bucket, kind=Kind.SLOW_DOWN)
        with faults(cloud.endpoint.url, unread, full) as sabotage:
            worker = installation.worker("worker", flush_records=100)
            worker.wait_ready(lambda: count(worker, "shard.started") == 2, SECONDS)
            time.sleep(HEARTBEAT_SECONDS + 1)
            sabotage.set(full)
            worker.wait_ready(lambda: count(worker, "lake.waiting") > 0, SECONDS)
            age.try_step("Look", 1)
            told = oldest.try_step("Look", 2)
            assert int(re.findall(r'"milliseconds_behind": (\d+)', told)[0]) > age.alarm.threshold
            assert oldest.rings()
            oldest.try_step("Look", 1)
            oldest.try_step("Do", 0)
        worker.wait_ready(lambda: count(worker, "segment.committed") > 0, SECONDS)
        age.try_step("Do", 1)
        oldest.try_step("Do", 1)
        age.try_step("Do", 2)
        worker.stop()


def behind(installation: Installation) -> int:
    """Return how far behind the tip a reader is that has read one record."""
    reader = Reader(installation.cloud.kinesis, installation.cloud.resources.stream)
    first = (next(reader.pages(reader.iterator(shard_id), 1)) for shard_id in reader.shard_ids())
    return max(page["MillisBehindLatest"] for page in first)


def test_records_that_the_stream_forgets(installation: Installation, producer: Producer) -> None:
    keep_a_day(installation)
    day = put_on(installation, producer, 3)
    installation.drain("worker")
    put_on(installation, producer, 2, 50)
    with on_call(installation, "shard-gap", DAY=day) as operator:
        installation.cloud.set_clock(TODAY - timedelta(hours=10))
        assert not operator.rings()
        installation.drain("worker")
        assert operator.rings()
        for part, number in (("Look", 0), ("Look", 1), ("Do", 0)):
            operator.try_step(part, number)


@pytest.mark.parametrize("reason", REASONS)
def test_records_that_are_rejected(installation: Installation, producer: Producer, reason: str) -> None:
    day = put_on(installation, producer, 1)
    if reason == "duplicate":
        resend(installation, producer)
    installation.drain("worker")
    with on_call(installation, f"rejects-{reason}", DAY=day) as operator:
        assert operator.rings()
        for number in range(len(operator.page.steps("Look"))):
            told = operator.try_step("Look", number)
            if "sequence_number" in told:
                operator.values["RECORD_ID"] = ":".join(told.splitlines()[1].split("\t")[:2])
        for number in range(len(operator.page.steps("Do"))):
            operator.try_step("Do", number)


def resend(installation: Installation, producer: Producer) -> None:
    """Let senders send again, and the edge what Kinesis took and did not answer for."""
    producer.put_again()
    lost = Fault(service="kinesis", operation="PutRecords", kind=Kind.DO_THEN_FAIL, times=2)
    with installation.edge() as address, faults(installation.cloud.endpoint.url, lost):
        connection = http.client.HTTPConnection(address, timeout=SECONDS)
        honest = next(body for body in producer.acknowledged.values() if b"stack_id" in body)
        connection.request("POST", "/v1/metrics", honest, {"Content-Type": "application/json"})
        assert connection.getresponse().status == HTTPStatus.ACCEPTED
        connection.close()


def test_a_day_that_cannot_be_sealed(installation: Installation, producer: Producer) -> None:
    day = put_on(installation, producer, 1)
    installation.drain("worker", flush_records=50)
    producer.put(50)
    with on_call(installation, "seal-late", DAY=day) as operator:
        assert operator.rings(), "nobody has sealed"
        operator.shell("stream-worker seal --all")
        assert operator.rings()
        operator.try_step("Look", 0)
        installation.drain("worker")
        delete(installation, next(key for key in segments(installation, day) if ".start." not in key))
        operator.try_step("Look", 1)
        assert operator.rings()
        operator.try_step("Do", 0)
        operator.try_step("Do", 1)
        assert not operator.rings()
        operator.try_step("Afterwards", 0)


def test_a_lake_that_is_damaged(installation: Installation, producer: Producer) -> None:
    day = put_on(installation, producer, 1)
    installation.drain("worker", flush_records=50)
    assert command(installation, "seal", "--day", str(day)).returncode == 0
    with on_call(installation, "audit-failed", DAY=day) as operator:
        assert operator.rings(), "nobody has audited"
        shorten(installation, sealed(installation))
        operator.try_step("Look", 0, cause=1)
        assert operator.rings()
        operator.try_step("Do", 1)
        operator.try_step("Do", 2)
        assert not operator.rings()
        (installation.logs / "days.log").unlink()  # more than a day later
        delete(installation, next(key for key in segments(installation, day) if ".start." not in key))
        operator.try_step("Look", 0)
        assert operator.rings()
        operator.try_step("Look", 1)
        operator.try_step("Do", 0)
        operator.try_step("Do", 2)
        assert not operator.rings()


def sealed(installation: Installation) -> str:
    return next(key for key in installation.objects() if key.startswith("reports/sealed/"))


def shorten(installation: Installation, key: str) -> None:
    held = installation.cloud.lake.get(key)
    bucket = installation.cloud.resources.bucket
    installation.cloud.s3.put_object(Bucket=bucket, Key=key, Body=held[:-100])


def test_a_shell_for_a_deployment_in_aws_runs_commands_as_tasks_and_prints_logs(
    installation: Installation, producer: Producer
) -> None:
    day = put_on(installation, producer, 1)
    installation.drain("worker", flush_records=50)
    operator = Operator(installation, "audit-failed")
    operator.answers = in_aws('{"event": "edge.failed"}')
    told = operator.shell(f"stream-worker audit --day {day}; echo status $?", prepared=preface()[0])
    assert f"{day}  live  200 records  nothing is wrong\n" in told
    assert told.endswith("status 0\n")
    delete(installation, next(key for key in segments(installation, day) if ".start." not in key))
    told = operator.shell(f"stream-worker audit --day {day}; echo status $?", prepared=preface()[0])
    assert told.endswith("status 3\n")
    assert operator.shell("logs edge 3", prepared=preface()[0]) == '{"event": "edge.failed"}\n'


def in_aws(line: str) -> dict[str, Any]:
    """Return what AWS says of a deployment whose logs have one line."""
    asked = re.findall(r"output \w+ (\w+)\)", preface()[0])
    outputs = [{"OutputKey": name, "OutputValue": "metrics"} for name in asked if name != "DaysNetwork"]
    outputs.append({"OutputKey": "DaysNetwork", "OutputValue": NETWORK})
    logging = {"logConfiguration": {"options": {"awslogs-group": "group"}}}
    return {
        "cloudformation describe-stacks": {"Stacks": [{"Outputs": outputs}]},
        "ecs describe-task-definition": {"taskDefinition": {"containerDefinitions": [logging]}},
        "logs filter-log-events": {"events": [{"message": line}]},
    }
