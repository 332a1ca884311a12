"""The outcome's line in the log: exactly one for each run of the function."""

from __future__ import annotations

import traceback
from typing import TYPE_CHECKING, Final

from botocore.exceptions import ClientError

from . import log
from .endpoint import EndpointError
from .version import VersionError

if TYPE_CHECKING:
    from .delivery import Delivery

_LONGEST_CODE: Final = 100


def ended(delivery: Delivery) -> str:
    """Write `report.sent`, `report.undelivered` or `report.refused`; return which."""
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


def failed(error: Exception) -> str:
    """Write `report.failed`: there was nothing to send, nowhere to send it, or no time left."""
    place = traceback.extract_tb(error.__traceback__)[-1]
    # These errors are this project's own texts and have no secret. Others can have an ARN or an address.
    detail = str(error) if isinstance(error, EndpointError | VersionError) else None
    log.write(
        "error",
        "report.failed",
        error=_kind(error),
        detail=detail,
        file=place.filename,
        line=place.lineno,
    )
    return "failed"


def _kind(error: Exception) -> str:
    if isinstance(error, ClientError):
        code = error.response.get("Error", {}).get("Code")
        if code:
            return str(code)[:_LONGEST_CODE]
    return type(error).__name__
