"""One connection by itself: what it does between the server's end of it and the system's."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, cast

from ingest_api.serving.connection import Connection
from ingest_api.serving.crowd import Crowd
from ingest_api.serving.response import Dates

if TYPE_CHECKING:
    from collections.abc import Iterable
    from wsgiref.types import StartResponse, WSGIApplication

    from ingest_api.pending import Pending

GET = b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"


class Transport(asyncio.Transport):
    """A transport whose client reads nothing."""

    def __init__(self, protocol: Connection) -> None:
        super().__init__()
        self._protocol = protocol
        self._closing = False
        self.reading = True

    def pause_reading(self) -> None:
        assert self.reading
        self.reading = False

    def resume_reading(self) -> None:
        assert not self.reading
        self.reading = True

    def write(self, data: bytes | bytearray | memoryview) -> None:
        assert data
        self._protocol.pause_writing()

    def set_write_buffer_limits(self, high: int | None = None, low: int | None = None) -> None:
        assert (high, low) == (0, None)

    def abort(self) -> None:
        self._closing = True

    def is_closing(self) -> bool:
        return self._closing


class Host:
    """A server without a loop."""

    def __init__(self) -> None:
        self.crowd = Crowd[Connection](1)
        self.dates = Dates()
        self.environ: dict[str, Any] = {}
        self.stopping = False
        self.served = 0
        self.application = cast("WSGIApplication", self._application)

    def _application(self, _environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
        self.served += 1
        start_response("200 OK", [("Content-Length", "1")])
        return [b"x"]

    def now(self) -> float:
        return 0.0

    def wake(self, connection: Connection, pending: Pending) -> None:
        raise AssertionError(connection, pending)


def test_one_that_was_evicted_serves_nothing_more_when_its_last_answer_leaves() -> None:
    host = Host()
    connection = Connection(host)
    connection.connection_made(Transport(connection))
    connection.data_received(GET + GET)
    assert host.served == 1
    connection.cut_off()
    connection.resume_writing()
    assert host.served == 1
    assert not host.crowd.all


def test_of_a_client_that_does_not_read_its_answer_nothing_more_is_read_until_it_does() -> None:
    host = Host()
    connection = Connection(host)
    transport = Transport(connection)
    connection.connection_made(transport)
    connection.data_received(GET)
    assert not transport.reading
    connection.resume_writing()
    assert transport.reading
    connection.data_received(GET)
    assert host.served == 2
    assert not transport.reading
