"""A start on the real daemon that cannot go well yet, or at all: it waits, or says what to do."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import orjson
import pytest

from infra.local.emulator.fault import Fault, Kind
from infra.local.endpoint import start_cloud
from infra.local.ports import LOOPBACK, reserve
from stream_worker.engines.kcl.properties import SHUTDOWN_SECONDS
from tests.conftest import Cloud
from tests.support.e2e.installation import count, run
from tests.support.e2e.outage import SECONDS, Stage
from tests.support.local.control import faults

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.support.e2e.installation import Installation
    from tests.support.e2e.producer import Producer

pytestmark = pytest.mark.parametrize("engine", ["kcl"])

BUSY_SECONDS = 60
"""What a stop may take beyond the daemon's own time: its supervisor's last patience, and a busy machine."""


@pytest.fixture(scope="module")
def cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cloud]:
    """Give a cloud of this module's own: whatever is asked of it meets the faults."""
    with start_cloud(tmp_path_factory.mktemp("cloud") / "cloud.log") as endpoint:
        yield Cloud(endpoint)


def failed(environment: dict[str, str]) -> list[dict[str, Any]]:
    """Start a worker that must end with status 1; return the lines in which something failed."""
    ended = run("stream-worker", "run", environment=environment, seconds=SECONDS)
    assert ended.returncode == 1, ended.stderr
    assert "Traceback" not in ended.stderr
    lines = [orjson.loads(line) for line in ended.stderr.splitlines()]
    return [line for line in lines if line["event"] == "worker.failed"]


def test_a_dynamodb_that_is_out_of_reach_ends_a_start_and_is_named(installation: Installation) -> None:
    with reserve() as port:  # nobody listens there
        gone = {"AWS_ENDPOINT_URL_DYNAMODB": f"http://{LOOPBACK}:{port}"}
        (told,) = failed(installation.environment(health_folder=installation.health_folder()) | gone)
    assert told["error"] == "OutageError"
    assert told["detail"].startswith("DynamoDB tables")
    assert "check that it can be reached, then start the worker again" in told["detail"]


def test_a_dynamodb_that_throttles_ends_a_start_and_is_named(installation: Installation) -> None:
    environment = installation.environment(health_folder=installation.health_folder())
    with faults(installation.cloud.endpoint.url, Fault(service="dynamodb", kind=Kind.THROTTLING)):
        (told,) = failed(environment)
    assert told["error"] == "OutageError"
    assert told["detail"].startswith("DynamoDB tables")
    assert "start the worker again" in told["detail"]


def test_a_missing_stream_is_told_with_its_name_and_variable(installation: Installation) -> None:
    (told,) = failed(installation.environment(stream="nowhere"))
    assert told["error"] == "SetupError"
    assert "nowhere" in told["detail"]
    assert "METRICS_STREAM" in told["detail"]


def test_a_missing_bucket_is_told_with_its_name_and_variable(installation: Installation) -> None:
    told, *_ = failed(installation.environment(bucket="nowhere", health_folder=installation.health_folder()))
    assert told["error"] == "SetupError"
    assert "nowhere" in told["detail"]
    assert "METRICS_BUCKET" in told["detail"]


def test_without_java_it_says_what_to_install(installation: Installation, tmp_path: Path) -> None:
    (told,) = failed(installation.environment() | {"JAVA_HOME": str(tmp_path)})
    assert told["error"] == "SetupError"
    assert "install Java 17" in told["detail"]


def test_while_the_lake_is_out_a_start_waits_until_it_is_back_or_its_stop_has_had_its_time(
    installation: Installation, producer: Producer
) -> None:
    producer.put(100)
    with faults(installation.cloud.endpoint.url, Fault(service="s3", kind=Kind.SLOW_DOWN)) as outage:
        with installation.worker("first") as first:
            first.wait_ready(lambda: count(first, "lake.waiting") > 1, SECONDS)
            began = time.monotonic()
            assert first.stop(SECONDS) == 1
            took = time.monotonic() - began
            last = orjson.loads(first.log.read_bytes().splitlines()[-1])
        with installation.worker("second", flush_seconds=0.5) as second:
            second.wait_ready(lambda: count(second, "lake.waiting") > 1, SECONDS)
            outage.clear()
            Stage(installation, producer, second).catch_up()
            assert second.stop(SECONDS) == 0
    producer.check(installation.cloud.lake)
    assert "was committed; the next worker reads the rest again" in last["detail"]
    assert SHUTDOWN_SECONDS - 1 < took < SHUTDOWN_SECONDS + BUSY_SECONDS
