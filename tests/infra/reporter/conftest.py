from __future__ import annotations

import os
import sysconfig
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from infra.local.ports import LOOPBACK
from tests.conftest import QUICK, SESSION
from tests.infra.reporter.server import Server, serve

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mypy_boto3_cloudwatch import CloudWatchClient

    from tests.conftest import Cloud

# The stacks' Node.js is the lock's, not one that the machine may have.
os.environ.setdefault("JSII_NODE", str(Path(sysconfig.get_path("scripts")) / "node"))


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    """Start a web server, to which no machine's proxy is on the way."""
    monkeypatch.setenv("no_proxy", LOOPBACK)
    with serve() as started:
        yield started


@pytest.fixture
def cloudwatch(cloud: Cloud) -> CloudWatchClient:
    return SESSION.client("cloudwatch", endpoint_url=cloud.url, config=QUICK)
