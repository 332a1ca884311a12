"""The bills of what this project replaces: API Gateway, Firehose with Parquet conversion, S3, Athena.

That counts what arrives, as it arrives: nothing is validated, no report is kept from counting twice, no day
can be built again, and no address is kept from sending too many (the firewall is not on its bill).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from infra.cost.bill import Bill, Line, line
from infra.cost.load import GB
from infra.cost.ours import athena
from infra.cost.price import DAYS
from infra.deployment import measured

if TYPE_CHECKING:
    from collections.abc import Iterator

    from infra.cost.load import Load

_FIREHOSE_BYTES: Final = 5 * 1024
"""What each record is rounded up to."""
_BUFFER_SECONDS: Final = 900
_BUFFER_BYTES: Final = 128 * 2**20
_LAMBDA_GB_SECONDS: Final = 0.125 * 0.015
"""Assumed: 15 ms with 128 MB for one PutRecord."""


def rest(load: Load) -> Bill:
    """Return the bill with a REST API, which calls Firehose itself."""
    gateway = line("gateway", "requests", "api_gateway_rest", load.month_millions)
    return Bill("REST API → Firehose", (gateway, *_behind(load)))


def http(load: Load) -> Bill:
    """Return the bill with an HTTP API, which cannot call Firehose: a Lambda does."""
    requests = load.month_millions
    gateway = (
        line("gateway", "requests", "api_gateway_http", requests),
        line("gateway", "Lambda", "lambda_requests", requests),
        line("gateway", "its time", "lambda_seconds", requests * 1e6 * _LAMBDA_GB_SECONDS),
    )
    return Bill("HTTP API → Lambda → Firehose", (*gateway, *_behind(load)))


def _behind(load: Load) -> Iterator[Line]:
    billed = load.month_gb(_FIREHOSE_BYTES)
    yield line("gateway", "answers", "transfer_out", load.month_gb(measured.RESPONSE_BYTES))
    yield line("Firehose", "records", "firehose_in", billed)
    yield line("Firehose", "Parquet", "firehose_parquet", billed)
    objects = max(86_400 / _BUFFER_SECONDS, load.reports * measured.RECORD_BYTES / _BUFFER_BYTES)
    yield line("lake", "objects", "s3_put", objects * DAYS / 1e3)
    kept = load.reports * measured.SEALED_ROW_BYTES * measured.KEPT_MONTHS * DAYS / GB
    yield line("lake", f"storage in month {measured.KEPT_MONTHS}", "s3_storage", kept)
    yield from athena(load)
