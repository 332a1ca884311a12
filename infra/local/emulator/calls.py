"""Which AWS operations were called, by whom, on what, how often: what the processes need to be allowed."""

from __future__ import annotations

from http import HTTPStatus
from threading import Lock
from typing import TYPE_CHECKING, Final

from infra.local.emulator.operation import Operation
from infra.local.emulator.wire import json_answer

if TYPE_CHECKING:
    from collections.abc import Iterable
    from wsgiref.types import StartResponse, WSGIEnvironment

PATH: Final = "/_calls"
"""No AWS request is for this path: a bucket's name has no underscore, and the other services are at /."""


class Calls:
    """The number of requests by caller and operation since the start. What is not signed is nobody's call.

    Over HTTP, at `PATH`: GET gives [{"caller", "service", "operation", "resource", "count"}], DELETE starts
    from zero. The caller is the access key that signed: a process that is started with a role's name for its
    key is counted as that role.
    """

    def __init__(self) -> None:
        self._lock = Lock()
        self._counts: dict[tuple[str, Operation], int] = {}

    def count(self, caller: str, operation: Operation) -> None:
        """Add a call; of an S3 key the first two folders count, or each object had a number."""
        if operation.service == "s3":
            operation = Operation(operation.service, operation.name, _folders(operation.resource))
        with self._lock:
            self._counts[caller, operation] = self._counts.get((caller, operation), 0) + 1

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer at `PATH`; 405 for another method."""
        method = environ["REQUEST_METHOD"]
        if method not in {"GET", "DELETE"}:
            return json_answer("GET or DELETE", HTTPStatus.METHOD_NOT_ALLOWED).send(start_response)
        with self._lock:
            counts = sorted(self._counts.items(), key=lambda item: (item[0][1].service, item[0][1].name))
            if method == "DELETE":
                self._counts.clear()
        called = [
            {
                "caller": caller,
                "service": one.service,
                "operation": one.name,
                "resource": one.resource,
                "count": count,
            }
            for (caller, one), count in counts
        ]
        return json_answer(called).send(start_response)


def _folders(resource: str) -> str:
    # bucket/one/two/ of bucket/one/two/key; a folder that is one of many (dt=2026-11-23) is not told apart.
    bucket, _, key = resource.partition("/")
    folders = [folder for folder in key.split("/")[:-1][:2] if "=" not in folder]
    return "/".join([bucket, *folders, ""]) if bucket else ""
