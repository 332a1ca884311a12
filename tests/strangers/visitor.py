"""A visitor: somebody honest who comes while strangers are there, with a connection for each request."""

import http.client
import random
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Final

from tests.benchmarks import reports

PATIENCE: Final = 10.0
"""Seconds after which a visitor gives up. An edge on a busy machine answers long before."""

_PATIENCE_IN_A_CROWD: Final = 60.0


@dataclass(frozen=True, slots=True)
class Visit:
    """What a visitor got (a status or an error's name), how long it took in seconds, and a Retry-After."""

    got: int | str
    seconds: float
    retry_after: str | None = None


def health(port: int) -> Visit:
    """Ask whether the edge is alive."""
    return _visit(port, "GET", "/healthz")


def report(port: int) -> Visit:
    """Send a good report."""
    return _visit(port, "POST", "/v1/metrics", reports.honest(random.Random()))


def reports_at_once(port: int, bodies: list[bytes]) -> list[Visit]:
    """Send these bodies at the same time; hundreds of threads on a busy machine take a while."""
    with ThreadPoolExecutor(len(bodies)) as pool:
        return list(
            pool.map(lambda body: _visit(port, "POST", "/v1/metrics", body, _PATIENCE_IN_A_CROWD), bodies)
        )


def _visit(port: int, method: str, path: str, body: bytes | None = None, patience: float = PATIENCE) -> Visit:
    begun = time.monotonic()
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=patience)
    got: int | str
    retry_after = None
    try:
        connection.request(method, path, body, {"Content-Type": "application/json"} if body else {})
        answer = connection.getresponse()
        answer.read()
        got, retry_after = answer.status, answer.getheader("Retry-After")
    except (OSError, http.client.HTTPException) as error:
        got = type(error).__name__
    finally:
        connection.close()
    return Visit(got, time.monotonic() - begun, retry_after)
