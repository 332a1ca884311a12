"""A visitor: somebody honest who comes while strangers are there, with a connection for each request."""

import http.client
import random
import time
from dataclasses import dataclass
from typing import Final

from tests.benchmarks import reports

PATIENCE: Final = 10.0
"""Seconds after which a visitor gives up. An edge on a busy machine answers long before."""


@dataclass(frozen=True, slots=True)
class Visit:
    """What a visitor got, a status or the name of the error, and how long it took, in seconds."""

    got: int | str
    seconds: float


def health(port: int) -> Visit:
    """Ask whether the edge is alive."""
    return _visit(port, "GET", "/healthz")


def report(port: int) -> Visit:
    """Send a good report."""
    return _visit(port, "POST", "/v1/metrics", reports.honest(random.Random()))


def _visit(port: int, method: str, path: str, body: bytes | None = None) -> Visit:
    begun = time.monotonic()
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE)
    got: int | str
    try:
        connection.request(method, path, body, {"Content-Type": "application/json"} if body else {})
        answer = connection.getresponse()
        answer.read()
        got = answer.status
    except (OSError, http.client.HTTPException) as error:
        got = type(error).__name__
    finally:
        connection.close()
    return Visit(got, time.monotonic() - begun)
