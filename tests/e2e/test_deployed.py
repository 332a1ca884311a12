"""The synthesized stacks, deployed to the emulator; edge, worker and day commands run on what they made."""

from __future__ import annotations

import json
from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from infra.deployment.permissions import ROLES, Names
from infra.local.endpoint import start_cloud
from infra.local.ports import LOOPBACK, reserve
from infra.local.process import Process
from infra.local.system import clean_environment, start_edge
from tests.e2e.test_rolling_deployment import Deployments
from tests.support import synthesis
from tests.support.e2e.deployment import CANNOT, Deployed
from tests.support.e2e.installation import run, script
from tests.support.e2e.producer import Producer
from tests.support.local.control import calls_of
from tests.support.permissions import granted

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

SECONDS = 180


@pytest.fixture(scope="module")
def deployed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployed]:
    with start_cloud(tmp_path_factory.mktemp("deployed") / "cloud.log") as endpoint:
        yield Deployed.on(endpoint)


def environment(deployed: Deployed, role: str, **more: str) -> dict[str, str]:
    """Return what a container has: the task definition's settings, and what ECS or the region gives it."""
    own = deployed.settings(role) | {"AWS_ACCESS_KEY_ID": role}
    return clean_environment() | deployed.endpoint.environment | own | more


@pytest.mark.parametrize("stack", [synthesis.DATA, synthesis.SERVICES])
def test_all_is_made_but_what_is_listed(deployed: Deployed, stack: str) -> None:
    wanted = Counter(one["Type"] for one in synthesis.templates()[stack]["Resources"].values())
    missing = wanted - Counter(deployed.made(stack))
    assert missing.keys() <= CANNOT.keys()
    assert wanted.keys() & CANNOT.keys() == missing.keys()


def test_what_is_listed_is_in_the_templates() -> None:
    there = {
        one["Type"] for template in synthesis.templates().values() for one in template["Resources"].values()
    }
    assert CANNOT.keys() <= there


@pytest.mark.parametrize("role", ROLES)
def test_a_role_has_its_grants_on_what_the_stacks_made_and_no_others(deployed: Deployed, role: str) -> None:
    told = deployed.outputs
    names = Names(
        partition="aws",
        region="us-east-1",
        account="123456789012",
        stream=told["StreamName"],
        bucket=told["BucketName"],
        database=told["DatabaseName"],
        application=told["ApplicationName"],
    )
    found = [
        (action, resource)
        for statement in deployed.statements(role)
        for action in listed(statement["Action"])
        for resource in listed(statement["Resource"])
    ]
    assert {statement["Effect"] for statement in deployed.statements(role)} == {"Allow"}
    assert sorted(found) == sorted(granted(ROLES[role], names))


def listed(value: str | list[str]) -> list[str]:
    return [value] if isinstance(value, str) else value


def test_reports_become_rows_of_a_sealed_day_on_what_the_stacks_made(
    deployed: Deployed, tmp_path: Path
) -> None:
    cloud = deployed.cloud
    yesterday = datetime.now(UTC) - timedelta(days=1)
    cloud.set_clock(yesterday.replace(hour=12), jitter_seconds=3)
    answers = post(deployed, tmp_path)
    cloud.set_clock(None)
    later = Producer(cloud.kinesis, cloud.resources.stream, seed=1)
    later.put_honest(10)
    work(deployed, tmp_path, answers + 10)
    day = str(yesterday.date())
    (sealed,) = days(deployed, "seal", "--all", "--json")
    assert (sealed["day"], sealed["records"], sealed["accepted"]) == (day, answers, answers)
    audited = days(deployed, "audit", "--last", "1", "--json")
    assert [(one["day"], one["ok"], one["records"]) for one in audited] == [(day, True, answers)]
    assert days(deployed, "expire", "--json") == []


def post(deployed: Deployed, folder: Path) -> int:
    """Post reports over HTTP; return how many were taken, which are all."""
    with (
        reserve() as port,
        start_edge(folder / "edge.log", environment(deployed, "edge"), port),
    ):
        deployments = Deployments(f"{LOOPBACK}:{port}")
        with deployments.reporting():
            deployments.wait_for(200)
    assert {status for status, _ in deployments.answers} == {202}
    return len(deployments.answers)


def work(deployed: Deployed, folder: Path, records: int) -> None:
    """Let the worker of production commit so many records; it is stopped as ECS would stop it."""
    stop_seconds = synthesis.container("worker")["StopTimeout"]
    more = {"METRICS_FLUSH_SECONDS": "1", "METRICS_HEALTH_FOLDER": str(folder / "health")}
    command = [script("stream-worker"), *synthesis.container("worker")["Command"]]
    variables = environment(deployed, "worker", **more)
    lake = deployed.cloud.lake

    def committed() -> int:
        return sum(int(lake.metadata(key)["records"]) for key in lake.keys("reports/live/"))

    with Process("worker", command, log=folder / "worker.log", environment=variables) as worker:
        worker.wait_ready(lambda: committed() == records, SECONDS)
        assert run("stream-worker", "health", environment=variables).returncode == 0
        assert worker.stop(stop_seconds) == 0
    called = {operation for _, operation, _ in calls_of(deployed.endpoint.url, "worker")}
    assert "CreateTable" not in called, "the stacks have made the tables ahead"


def days(deployed: Deployed, *command: str) -> list[dict[str, Any]]:
    done = run("stream-worker", *command, environment=environment(deployed, "days"), seconds=SECONDS)
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]
