"""The load: connections that each send a report, wait for its answer, and send the next one.

One thread and one epoll, requests made beforehand, and of an answer only status and length are read: what it
costs itself is a small part of what a server costs, and it says how large a part.
"""

import argparse
import json
import random
import re
import select
import socket
import time
from collections import Counter
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from itertools import cycle
from statistics import quantiles
from typing import Final

from tests.benchmarks import cores, reports

DROPPED: Final = "dropped"
"""What a connection that the server ended before its answer is counted as; everything else is a status."""

_REQUESTS: Final = 4096
_PATIENCE: Final = 10.0  # seconds for the last answers
_LENGTH: Final = re.compile(rb"\r\ncontent-length: *([0-9]+)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Load:
    """What came back in the measured `seconds`; `statuses` of a whole run counts every answer.

    `p50` and `p99` are milliseconds; `busy` is the share of that time in which the generator was not idle.
    """

    seconds: float
    answered: int
    statuses: dict[str, int]
    p50: float
    p99: float
    busy: float

    @property
    def rate(self) -> float:
        """Answers a second."""
        return self.answered / self.seconds

    @property
    def failures(self) -> int:
        """How many requests were answered by anything but a 2xx, or not at all."""
        return sum(number for status, number in self.statuses.items() if not status.startswith("2"))


class _Connection:
    """A connection, and since when it waits for its answer (seconds)."""

    __slots__ = ("_received", "_socket", "since")

    def __init__(self, port: int) -> None:
        self._socket = socket.create_connection(("127.0.0.1", port), timeout=_PATIENCE)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._received = b""
        self.since = 0.0

    def fileno(self) -> int:
        return self._socket.fileno()

    def send(self, request: bytes) -> None:
        self.since = time.perf_counter()
        with suppress(ConnectionError):  # reading on shows that the connection has ended
            self._socket.sendall(request)

    def status(self) -> str | None:
        """Read on: the answer's status once it is there whole, `DROPPED` at the end, until then None."""
        try:
            data = self._socket.recv(65_536)
        except ConnectionError:
            return DROPPED
        if not data:
            return DROPPED
        self._received += data
        end = self._received.find(b"\r\n\r\n")
        length = _LENGTH.search(self._received, 0, end + 2) if end >= 0 else None
        if length is None or len(self._received) < end + 4 + int(length[1]):
            return None
        status, self._received = self._received[9:12].decode(), b""
        return status

    def close(self) -> None:
        self._socket.close()


class Generator:
    """Sends reports over some connections to a server on this machine."""

    def __init__(self, port: int, connections: int) -> None:
        self._requests = cycle(requests(_REQUESTS))
        self._waiting = {c.fileno(): c for c in (_Connection(port) for _ in range(connections))}
        self._open = list(self._waiting.values())
        self._epoll = select.epoll()
        for connection in self._open:
            self._epoll.register(connection.fileno(), select.EPOLLIN)
        self._statuses = Counter[str]()

    @property
    def statuses(self) -> dict[str, int]:
        """How many requests were answered how so far."""
        return dict(self._statuses)

    def run(self, seconds: float, warm_up: float) -> Load:
        """Send for `warm_up` seconds, then for `seconds` that count; then take the last answers."""
        self.begin()
        self._exchange(time.perf_counter() + warm_up)
        load = self.measure(seconds)
        self.finish()
        return replace(load, statuses=self.statuses)

    def begin(self) -> None:
        """Send the first request on each connection."""
        for connection in self._open:
            connection.send(next(self._requests))

    def send_for(self, seconds: float) -> None:
        """Send, and count by status alone."""
        until = time.perf_counter() + seconds
        self._exchange(until)
        time.sleep(max(0.0, until - time.perf_counter()))  # when no connection is left

    def measure(self, seconds: float) -> Load:
        """Send for `seconds` and return what came back in them."""
        before = Counter(self._statuses)
        started, busy = time.perf_counter(), cores.not_idle()
        waits = self._exchange(started + seconds)
        took, busy = time.perf_counter() - started, cores.not_idle() - busy
        cuts = quantiles(waits, n=100) if len(waits) > 1 else [0.0] * 99
        return Load(
            seconds=took,
            answered=len(waits),
            statuses=dict(self._statuses - before),
            p50=cuts[49] * 1000,
            p99=cuts[98] * 1000,
            busy=busy / took,
        )

    def _exchange(self, until: float) -> list[float]:
        """Answer each 2xx with the next request; return how long each took, in seconds."""
        waits: list[float] = []
        while (now := time.perf_counter()) < until and self._waiting:
            for number, _ in self._epoll.poll(until - now):
                connection = self._waiting[number]
                status = connection.status()
                if status is None:
                    continue
                self._statuses[status] += 1
                if status == DROPPED:
                    self._forget(number)
                    continue
                if status[0] == "2":
                    waits.append(time.perf_counter() - connection.since)
                connection.send(next(self._requests))
        return waits

    def finish(self) -> None:
        """Send nothing more and wait for what is owed; an answer that never comes counts as dropped."""
        deadline = time.perf_counter() + _PATIENCE
        while self._waiting and time.perf_counter() < deadline:
            for number, _ in self._epoll.poll(deadline - time.perf_counter()):
                status = self._waiting[number].status()
                if status is not None:
                    self._statuses[status] += 1
                    self._forget(number)
        self._statuses[DROPPED] += len(self._waiting)
        self._epoll.close()
        for connection in self._open:
            connection.close()

    def _forget(self, number: int) -> None:
        self._epoll.unregister(number)
        del self._waiting[number]


def requests(number: int) -> list[bytes]:
    """Return whole requests, each with the report of another deployment."""
    rng = random.Random(number)
    head = (
        b"POST /v1/metrics HTTP/1.1\r\nHost: 127.0.0.1\r\nUser-Agent: deployment\r\n"
        b"Content-Type: application/json\r\nContent-Length: %d\r\n\r\n"
    )
    return [head % len(body) + body for body in (reports.honest(rng) for _ in range(number))]


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--connections", type=int, required=True)
    parser.add_argument("--seconds", type=float, required=True)
    parser.add_argument("--warm-up", type=float, required=True)
    given = parser.parse_args()
    load = Generator(given.port, given.connections).run(given.seconds, given.warm_up)
    print(json.dumps(asdict(load)))  # noqa: T201 - how it hands its figures to who started it
