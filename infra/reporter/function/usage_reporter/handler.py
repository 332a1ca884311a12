"""What Lambda calls once a day. It never fails, and ends in time: an error is a line in the log, no more."""

from __future__ import annotations

import json
import os
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING, Any, Final

import boto3
from botocore.config import Config

from . import outcome, settings
from .counters import count
from .day import Day
from .deadline import within
from .delivery import SECONDS, Delivery, Pace, deliver
from .post import SECONDS as TRY_SECONDS
from .post import Answer, post

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from mypy_boto3_cloudwatch import CloudWatchClient

_RESERVE_SECONDS: Final = 5
"""What is left of the function's time for the outcome's line: all else has ended or is left behind."""

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
        return {"outcome": outcome.failed(error)}
    return {"outcome": outcome.ended(delivery)}


def report(
    environ: Mapping[str, str],
    cloudwatch: CloudWatchClient,
    now: datetime,
    pace: Pace,
    left: Callable[[], float],
) -> Delivery:
    """Sum up the day before `now` and deliver it; `left` says how many seconds there are for that.

    Raises `TimeoutError` if CloudWatch takes all of them.
    """
    ours = settings.read(environ)
    sums = partial(count, cloudwatch, ours.namespace, ours.dimension_sets, Day.before(now))
    document = {"version": ours.version, "stack_id": ours.nonce, "metrics": within(left(), sums)}
    body = json.dumps(document).encode()

    def send() -> Answer:
        return post(ours.endpoint, body, min(TRY_SECONDS, left()))

    return deliver(send, pace, min(SECONDS, left() - TRY_SECONDS))
