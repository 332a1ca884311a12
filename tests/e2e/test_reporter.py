"""A deployment's usage on its way: CloudWatch, the Lambda's code, TLS, edge, stream, worker, a row."""

from __future__ import annotations

import io
import os
import subprocess
import sys
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import polars as pl

from infra.reporter.code import FOLDER
from infra.reporter.function.usage_reporter.counters import COUNTERS
from infra.reporter.function.usage_reporter.day import Day
from tests.conftest import QUICK, SESSION
from tests.support.e2e.installation import SECONDS
from tests.support.reporter.published import Published
from tests.support.reporter.tls import front, make_certificate

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.e2e.installation import Installation

NONCE = "b9c43c34-5a3e-4a4f-9d8e-2f6d1c7a90e5"

COLUMNS = (
    "tokenize_success",
    "tokenize_failure",
    "detokenize_success",
    "detokenize_failure",
    "create_grant_success",
    "create_grant_failure",
)

LAMBDA = """
import os, sys
sys.path.insert(0, sys.argv[1])
from datetime import datetime
import boto3
from usage_reporter import handler
from usage_reporter.delivery import Pace
now = datetime.fromisoformat(sys.argv[2])
delivery = handler.report(os.environ, boto3.client("cloudwatch"), now, Pace(), lambda: 30)
print(delivery.answer.status, delivery.tries)
"""
"""What the function does when it is called, but for the day: a test has its own."""


def run_lambda(environment: dict[str, str], now: datetime, folder: Path) -> str:
    ended = subprocess.run(
        [sys.executable, "-I", "-c", LAMBDA, str(FOLDER), now.isoformat()],
        cwd=folder,
        env={"PATH": os.defpath, "no_proxy": "127.0.0.1"} | environment,
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
    )
    assert ended.returncode == 0, ended.stderr
    return ended.stdout.strip()


def rows(installation: Installation) -> pl.DataFrame:
    lake = installation.cloud.lake
    keys = [key for key in lake.keys("reports/live/") if key.endswith(".parquet")]
    return pl.concat([pl.read_parquet(io.BytesIO(lake.get(key))) for key in keys])


def test_yesterdays_sums_are_a_row_in_the_lake(
    installation: Installation, fresh_name: str, tmp_path: Path
) -> None:
    now = datetime(2026, 3, 8, 4, 16, tzinfo=UTC)
    client = SESSION.client("cloudwatch", endpoint_url=installation.cloud.endpoint.url, config=QUICK)
    product = Published(client, fresh_name, Day.before(now))
    for number, counter in enumerate(COUNTERS, 1):
        product.put(counter, number, 10 * number, function="a")
        product.put(counter, 100 * number, function="b")
    certificate = make_certificate(tmp_path / "loopback.pem")
    with installation.edge() as address, front(address, certificate) as door:
        environment = installation.cloud.endpoint.environment | {
            "SSL_CERT_FILE": str(certificate),
            "REPORT_ENDPOINT": f"https://{door}/v1/metrics",
            "REPORT_VERSION": "1.4.2",
            "REPORT_NONCE": NONCE,
            "REPORT_NAMESPACE": fresh_name,
        }
        assert run_lambda(environment, now, tmp_path) == "202 1"
    installation.drain()
    (row,) = rows(installation).iter_rows(named=True)
    assert row["stack_id"] == NONCE
    assert row["version"] == "1.4.2"
    assert [row[name] for name in COLUMNS] == [111, 222, 333, 444, 555, 666]
