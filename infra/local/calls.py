"""Which AWS operations were called, on what, and how often: what the processes need to be allowed."""

from __future__ import annotations

from http import HTTPStatus
from threading import Lock
from typing import TYPE_CHECKING, Final

from infra.local.operation import Operation
from infra.local.wire import json_answer

if TYPE_CHECKING:
    from collections.abc import Iterable
    from wsgiref.types import StartResponse, WSGIEnvironment

PATH: Final = "/_calls"
"""No AWS request is for this path: a bucket's name has no underscore, and the other services are at /."""


class Calls:
    """The number of requests by operation since the start. Requests that are not signed are nobody's calls.

    Over HTTP, at `PATH`: GET gives [{"service", "operation", "resource", "count"}], DELETE starts from zero.
    """

    def __init__(self) -> None:
        self._lock = Lock()
        self._counts: dict[Operation, int] = {}

    def count(self, operation: Operation) -> None:
        """Add a call; of an S3 key its first folder counts, or there would be a number for every object."""
        if operation.service == "s3":
            operation = Operation(operation.service, operation.name, _folder(operation.resource))
        with self._lock:
            self._counts[operation] = self._counts.get(operation, 0) + 1

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer at `PATH`; 405 for another method."""
        method = environ["REQUEST_METHOD"]
        if method not in {"GET", "DELETE"}:
            return json_answer("GET or DELETE", HTTPStatus.METHOD_NOT_ALLOWED).send(start_response)
        with self._lock:
            counts = sorted(self._counts.items(), key=lambda item: (item[0].service, item[0].name))
            if method == "DELETE":
                self._counts.clear()
        called = [
            {"service": one.service, "operation": one.name, "resource": one.resource, "count": count}
            for one, count in counts
        ]
        return json_answer(called).send(start_response)


def _folder(resource: str) -> str:
    # bucket/folder/ of bucket/folder/deeper/key; bucket/ of bucket/key
    bucket, _, key = resource.partition("/")
    folder, slash, _ = key.partition("/")
    return f"{bucket}/{folder}/" if slash else f"{bucket}/" if bucket else ""
