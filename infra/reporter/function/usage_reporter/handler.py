"""What Lambda calls once a day. It never fails: an error is a line in the log, and no more."""

from __future__ import annotations

import json
import os
import traceback
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING, Any, Final

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

from . import log, settings
from .counters import count
from .day import Day
from .delivery import SECONDS, Delivery, Pace, deliver
from .post import post

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from mypy_boto3_cloudwatch import CloudWatchClient

_RESERVE_SECONDS: Final = 30
"""What is left of the function's time for a last try and its log line."""

_CLOUDWATCH: Final = Config(
    connect_timeout=10, read_timeout=30, retries={"mode": "standard", "total_max_attempts": 8}
)


def handle(_event: object, context: Any) -> dict[str, str]:  # noqa: ANN401 - Lambda's context has no type
    """Report the last whole day; return the outcome, for those who call the function by hand."""

    def left() -> float:
        return float(context.get_remaining_time_in_millis()) / 1000 - _RESERVE_SECONDS

    try:
        cloudwatch = boto3.client("cloudwatch", config=_CLOUDWATCH)
        delivery = report(os.environ, cloudwatch, datetime.now(UTC), Pace(), left)
    except Exception as error:  # noqa: BLE001 - whatever it is, it must not be the deployment's trouble
        place = traceback.extract_tb(error.__traceback__)[-1]
        log.write("error", "report.failed", error=_kind(error), file=place.filename, line=place.lineno)
        return {"outcome": "failed"}
    return {"outcome": _log(delivery)}


def report(
    environ: Mapping[str, str],
    cloudwatch: CloudWatchClient,
    now: datetime,
    pace: Pace,
    left: Callable[[], float],
) -> Delivery:
    """Sum up the day before `now` and deliver it; `left` says how many seconds there are for that."""
    ours = settings.read(environ)
    metrics = count(cloudwatch, ours.namespace, ours.dimension_sets, Day.before(now))
    document = {"version": ours.version, "stack_id": ours.nonce, "metrics": metrics}
    send = partial(post, ours.endpoint, json.dumps(document).encode())
    return deliver(send, pace, min(SECONDS, left()))


def _log(delivery: Delivery) -> str:
    answer, tries = delivery.answer, delivery.tries
    if answer.taken:
        log.write("info", "report.sent", status=answer.status, tries=tries)
        return "sent"
    outcome = "undelivered" if answer.passing else "refused"
    log.write(
        "error",
        f"report.{outcome}",
        status=answer.status,
        error=answer.error,
        title=answer.title,
        detail=answer.detail,
        tries=tries,
    )
    return outcome


def _kind(error: Exception) -> str:
    # AWS's text has ARNs, and in them the account; its code is enough to know what to do.
    return error.response["Error"]["Code"] if isinstance(error, ClientError) else type(error).__name__
