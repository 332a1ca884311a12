"""What edge, worker and day commands call of AWS is what their roles allow, and all of that."""

from __future__ import annotations

import http.client
from contextlib import contextmanager
from datetime import timedelta
from typing import TYPE_CHECKING, Final

import pytest

from infra.deployment.permissions import ROLES
from infra.local import resources, system
from infra.local.endpoint import start_cloud
from tests.conftest import SESSION
from tests.e2e.test_days import put_on
from tests.support.e2e import family
from tests.support.e2e.installation import Installation, run
from tests.support.e2e.producer import Producer
from tests.support.e2e.reshard import open_shards, split
from tests.support.local.control import calls_of
from tests.support.permissions import missing, names, unused
from tests.support.soak import SOAK

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import date
    from pathlib import Path

NAME: Final = "asked"
TABLES: Final = {NAME: "leaseKey", f"{NAME}-CoordinatorState": "key"}
"""The tables that the stacks make ahead, and their keys."""

SECONDS: Final = 180
CLEANUP_SECONDS: Final = 600
"""The library removes a finished shard's lease five minutes after its end, and looks once a minute."""

LATER: Final = "dynamodb:DeleteItem"
"""What the worker calls only then."""

LIMITS: Final = {"flush_records": 50, "flush_seconds": 0.5}


@pytest.fixture(scope="module")
def installation(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    """Give an installation all of which has been used."""
    with installed(tmp_path_factory.mktemp("permissions")) as installation:
        use_everything(installation)
        yield installation


@contextmanager
def installed(folder: Path) -> Iterator[Installation]:
    """Make an installation on an emulator of its own, with the lease tables made ahead."""
    own = resources.Resources(stream=NAME, shards=2, bucket=NAME, database=NAME)
    with start_cloud(folder / "cloud.log") as endpoint:
        made = system.Cloud(endpoint, own)
        resources.create(own, kinesis=made.kinesis, s3=made.s3, glue=made.glue)
        make_tables(endpoint.url)
        yield Installation(made, folder, "kcl")


def make_tables(url: str) -> None:
    dynamodb = SESSION.client("dynamodb", endpoint_url=url)
    for table, key in TABLES.items():
        dynamodb.create_table(
            TableName=table,
            KeySchema=[{"AttributeName": key, "KeyType": "HASH"}],
            AttributeDefinitions=[{"AttributeName": key, "AttributeType": "S"}],
            BillingMode="PAY_PER_REQUEST",
        )


def use_everything(installation: Installation) -> None:
    """Let a deployment's life pass: reports, a reshard, a crash, days sealed, proved, built again."""
    producer = Producer(installation.cloud.kinesis, NAME, seed=1)
    day = put_on(installation, producer, 2)
    put_on(installation, producer, 1)
    post(installation)
    taken = len(producer.acknowledged) + 1
    with installation.worker("killed", **LIMITS) as worker:
        worker.wait_ready(lambda: installation.committed() == taken, SECONDS)
        family.kill_everything(worker)
    with installation.worker("second", **LIMITS) as worker:
        split(installation, open_shards(installation)[0])
        producer.put(200)
        taken += 200
        worker.wait_ready(lambda: installation.committed() == taken, SECONDS)
        close_days(installation, day, next(iter(producer.acknowledged)))
        assert worker.stop(SECONDS) == 0


def post(installation: Installation) -> None:
    with installation.edge() as address:
        connection = http.client.HTTPConnection(address, timeout=10)
        connection.request("POST", "/v1/metrics", b"{}", {"Content-Type": "application/json"})
        assert connection.getresponse().status == 202
        connection.close()


def has_lease(installation: Installation, shard_id: str) -> bool:
    dynamodb = SESSION.client("dynamodb", endpoint_url=installation.cloud.endpoint.url)
    return "Item" in dynamodb.get_item(TableName=NAME, Key={"leaseKey": {"S": shard_id}})


def close_days(installation: Installation, day: date, receipt: tuple[str, int]) -> None:
    """Run each command that works on days."""
    leave_a_cut_off_seal(installation, day)
    span = ("--from", str(day), "--to", str(day))
    for command in (
        ("seal", "--all"),
        ("seal", "--day", str(day - timedelta(days=2))),
        ("audit", "--day", str(day), "--against-stream"),
        ("audit", "--record-id", "{}:{}".format(*receipt)),
        ("replay", *span),
        ("replay", *span, "--source", "lake"),
        ("replay", *span, "--engine", "kcl", "--name", "kcl"),
        ("rollback", "--day", str(day)),
        ("generations", "--day", str(day)),
        ("expire",),
    ):
        environment = installation.environment("days", flush_seconds=2)
        done = run("stream-worker", *command, environment=environment, seconds=SECONDS)
        assert done.returncode == 0, (command, done.stderr)


def leave_a_cut_off_seal(installation: Installation, day: date) -> None:
    """Leave what a seal of long ago would have left that was killed, so that there is something to expire."""
    for table in ("reports", "rejects"):
        installation.cloud.s3.put_object(
            Bucket=NAME,
            Key=f"{table}/sealed/dt={day}/run=abc/part-00000.parquet",
            Metadata={"made-at": "2020-01-01T00:00:00+00:00"},
        )


@pytest.mark.parametrize("role", ROLES)
def test_a_role_allows_what_its_processes_call_and_nothing_that_they_do_not(
    installation: Installation, role: str
) -> None:
    calls = calls_of(installation.cloud.endpoint.url, role)
    assert calls
    assert missing(calls, ROLES[role], names(NAME)) == []
    assert [use for use in unused(calls, ROLES[role], names(NAME)) if use[0] != LATER] == []


@SOAK
def test_a_finished_shards_lease_is_removed_as_the_role_allows(tmp_path: Path) -> None:
    with installed(tmp_path) as installation, installation.worker("worker", **LIMITS) as worker:
        parent = open_shards(installation)[0]
        worker.wait_ready(lambda: has_lease(installation, parent["ShardId"]), SECONDS)
        split(installation, parent)
        # The library keeps a parent's lease until a checkpoint in each child shows that both are being read.
        Producer(installation.cloud.kinesis, NAME, seed=2).put(200)
        worker.wait_ready(lambda: installation.committed() == 200, SECONDS)
        worker.wait_ready(lambda: not has_lease(installation, parent["ShardId"]), CLEANUP_SECONDS)
        calls = calls_of(installation.cloud.endpoint.url, "worker")
    assert LATER in {f"{service}:{operation}" for service, operation, _ in calls}
    assert missing(calls, ROLES["worker"], names(NAME)) == []


def test_a_call_too_many_and_a_grant_too_many_are_seen() -> None:
    put, described = ("kinesis", "PutRecords", NAME), ("kinesis", "DescribeStreamSummary", NAME)
    elsewhere = ("kinesis", "PutRecords", "another")
    assert missing([put, elsewhere], ROLES["edge"], names(NAME)) == [
        ("kinesis:PutRecords", "arn:aws:kinesis:us-east-1:123456789012:stream/another")
    ]
    assert missing([("s3", "DeleteObjects", f"{NAME}/reports/live/")], ROLES["days"], names(NAME))
    assert missing([("s3", "PutObject", f"{NAME}/reports/sealed/")], ROLES["worker"], names(NAME))
    assert [action for action, _ in unused([put], ROLES["edge"], names(NAME))] == [
        "kinesis:DescribeStreamSummary"
    ]
    assert unused([put, described], ROLES["edge"], names(NAME)) == []
