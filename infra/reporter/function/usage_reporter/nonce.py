"""A deployment's nonce, as a custom resource of CloudFormation: made at random, kept while the stack lives.

Its physical id is the nonce, so CloudFormation itself remembers it, and nothing else need be kept. What
follows from it, the minute to report at, is an attribute beside it.
"""

from __future__ import annotations

import json
from typing import Any
from urllib.request import Request, urlopen
from uuid import UUID, uuid4

from . import log, schedule

_NONE = "none"
"""The physical id of a resource that was not made: CloudFormation requires one and deletes it at once."""


def handle(event: dict[str, Any], _context: object) -> None:
    """Answer CloudFormation in any case, or it would wait; if it cannot be reached, Lambda calls again."""
    try:
        answer = _answer(event)
    except Exception as error:  # noqa: BLE001 - whatever it is, CloudFormation waits for an answer
        log.write("error", "nonce.failed", error=type(error).__name__)
        answer = {
            "Status": "FAILED",
            "Reason": f"The nonce could not be made or kept ({type(error).__name__}).",
            "PhysicalResourceId": event.get("PhysicalResourceId", _NONE),
        }
    same = {name: event.get(name) for name in ("StackId", "RequestId", "LogicalResourceId")}
    _send(event["ResponseURL"], {**same, **answer})


def _answer(event: dict[str, Any]) -> dict[str, Any]:
    kind = event["RequestType"]
    if kind == "Delete":
        return {"Status": "SUCCESS", "PhysicalResourceId": event["PhysicalResourceId"]}
    if kind not in {"Create", "Update"}:
        raise ValueError("neither Create, Update nor Delete")
    nonce = str(uuid4()) if kind == "Create" else str(UUID(event["PhysicalResourceId"]))
    data = {"Nonce": nonce, "ScheduleExpression": schedule.expression(nonce)}
    return {"Status": "SUCCESS", "PhysicalResourceId": nonce, "Data": data}


def _send(url: str, answer: dict[str, Any]) -> None:
    # The URL is signed for a request without a content type; urllib would name one.
    body = json.dumps(answer).encode()
    request = Request(url, body, {"Content-Type": ""}, method="PUT")  # noqa: S310 - CloudFormation's own
    with urlopen(request, timeout=10):  # noqa: S310 - the same
        pass
