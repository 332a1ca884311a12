"""The command `ingest-api`, as somebody starts it."""

import socket
import subprocess

import pytest
from pydantic import ValidationError

from ingest_api.settings import EdgeSettings
from schemas.environment import read
from tests.support.edge.edge import COMMAND, environment


def run(
    *arguments: str, port: int = 8080, more: dict[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*COMMAND, *arguments],
        env=environment(port, 1, **more or {}),
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def test_help_names_every_setting() -> None:
    done = run("--help")
    assert done.returncode == 0
    for name in (
        "METRICS_STREAM",
        "METRICS_HOST",
        "METRICS_PORT",
        "METRICS_PUBLISH_SECONDS",
        "AWS_ENDPOINT_URL",
    ):
        assert name in done.stdout


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("METRICS_PORT", "65536"),
        ("METRICS_PORT", "0"),
        ("METRICS_PORTS", "8080"),
        ("METRICS_HOST", "nowhere"),
        ("METRICS_PUBLISH_SECONDS", "0"),
        ("METRICS_STREAM", "a b"),
        ("AWS_REGION", ""),
        ("AWS_ENDPOINT_URL", "nonsense"),
    ],
)
def test_a_wrong_setting_is_named_and_the_status_is_2(name: str, value: str) -> None:
    more = {name: value} | ({"AWS_CONFIG_FILE": "/nonexistent"} if name == "AWS_REGION" else {})
    done = run(more=more)
    assert done.returncode == 2
    assert done.stderr.startswith("ingest-api: ")
    assert "Traceback" not in done.stderr


def test_a_port_in_use_is_said_and_the_status_is_1() -> None:
    with socket.create_server(("127.0.0.1", 0), reuse_port=True) as taken:
        done = run(port=taken.getsockname()[1])
    assert done.returncode == 1
    assert "in use" in done.stderr
    assert "Traceback" not in done.stderr


def test_an_option_that_does_not_exist_is_2() -> None:
    assert run("--port").returncode == 2


def test_the_defaults_are_the_documented_ones() -> None:
    settings = read(EdgeSettings, {})
    assert (settings.stream, str(settings.host), settings.port, settings.publish_seconds) == (
        "metrics",
        "127.0.0.1",
        8080,
        5,
    )


def test_settings_do_not_change() -> None:
    with pytest.raises(ValidationError):
        read(EdgeSettings, {}).port = 1
