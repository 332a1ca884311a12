"""The other Kinesis as a program: pinned, quick to end, and the worker's without the rest of the cloud."""

from __future__ import annotations

import http.client
import time
from contextlib import ExitStack, closing
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import orjson
import pytest

from infra.local.process import answers
from tests.support.kinesis_local.server import KinesisLocal, start_kinesis_local

if TYPE_CHECKING:
    from tests.conftest import Cloud
    from tests.support.e2e.installation import Installation

LOCK = Path(__file__).parents[1] / "support" / "kinesis_local" / "package-lock.json"


def test_every_package_is_pinned_with_a_hash_and_no_address() -> None:
    packages = orjson.loads(LOCK.read_bytes())["packages"]
    installed = {name: package for name, package in packages.items() if name}
    assert installed
    assert all(package["integrity"].startswith("sha512-") for package in installed.values())
    assert b"://" not in LOCK.read_bytes()


def test_it_ends_at_once_though_a_connection_idles(tmp_path: Path) -> None:
    with ExitStack() as stack:
        started = stack.enter_context(start_kinesis_local(tmp_path / "log"))
        with closing(http.client.HTTPConnection(urlsplit(started.url).netloc)) as idle:
            idle.request("GET", "/healthcheck")
            assert idle.getresponse().read() == b""
            before = time.monotonic()
            stack.close()
            assert time.monotonic() - before < 25  # by itself it waits 30 s
            assert not answers(f"{started.url}/healthcheck")


@pytest.mark.parametrize("emulator", ["kinesis-local"])
def test_an_installation_has_its_kinesis_there_and_all_else_on_our_emulator(
    cloud: Cloud, kinesis_local: KinesisLocal, installation: Installation
) -> None:
    stream = installation.cloud.resources.stream
    assert stream not in cloud.kinesis.list_streams()["StreamNames"]
    assert stream in installation.cloud.kinesis.list_streams()["StreamNames"]
    environment = installation.environment()
    assert environment["AWS_ENDPOINT_URL"] == cloud.url
    assert environment["AWS_ENDPOINT_URL_KINESIS"] == kinesis_local.url != cloud.url
