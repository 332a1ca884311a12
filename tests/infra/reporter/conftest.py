from __future__ import annotations

import os
import sysconfig
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from infra.local.ports import LOOPBACK
from tests.conftest import QUICK, SESSION
from tests.support.reporter.invocation import NONCE
from tests.support.reporter.server import Server, serve
from tests.support.reporter.tls import make_certificate

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


@pytest.fixture(scope="session")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_certificate(tmp_path_factory.mktemp("tls") / "loopback.pem")


@pytest.fixture
def tls_server(certificate: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    """Start a web server over TLS, which the reporter trusts."""
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    with serve(certificate) as started:
        yield started


@pytest.fixture
def cloudwatch(cloud: Cloud) -> CloudWatchClient:
    return SESSION.client("cloudwatch", endpoint_url=cloud.url, config=QUICK)


@pytest.fixture
def environ(
    cloud: Cloud, tls_server: Server, fresh_name: str, monkeypatch: pytest.MonkeyPatch
) -> dict[str, str]:
    """Set the function's environment: the emulated CloudWatch, and the server over TLS."""
    found = {
        **cloud.endpoint.environment,
        "REPORT_ENDPOINT": tls_server.url,
        "REPORT_VERSION": "1.4.2",
        "REPORT_NONCE": NONCE,
        "REPORT_NAMESPACE": fresh_name,
        "REPORT_DIMENSION_SETS": "[]",
    }
    for name, value in found.items():
        monkeypatch.setenv(name, value)
    return found
