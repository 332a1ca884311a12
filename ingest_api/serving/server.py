"""The server: it listens, calls the application, keeps the deadlines, and stops when asked to."""

from __future__ import annotations

import asyncio
import signal
import socket
import sys
import time
from collections import deque
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING, Any, Final

import structlog
import uvloop

from ingest_api.problems import log_unexpected
from ingest_api.serving import limits
from ingest_api.serving.connection import Connection
from ingest_api.serving.crowd import Crowd
from ingest_api.serving.response import Dates

if TYPE_CHECKING:
    from collections.abc import Callable
    from wsgiref.types import WSGIApplication

    from ingest_api.drain import Drain
    from ingest_api.pending import Pending

SIGNALS: Final = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
"""What stops it. SIGHUP too: the terminal that it was started in has gone."""

_PRESSURE_SECONDS: Final = 60.0

_log = structlog.get_logger()


class Server:
    """Serves one WSGI application on one socket, in one thread."""

    def __init__(self, application: WSGIApplication, drain: Drain, *, capacity: int, grace: float) -> None:
        """`capacity` is the most connections; requests under way have `grace` seconds to end at a stop."""
        self.application = application
        self.crowd: Crowd[Connection] = Crowd(capacity)
        self.dates = Dates()
        self.environ: dict[str, Any] = {}
        self._drain = drain
        self._grace = grace
        self._woken: deque[tuple[Connection, Pending]] = deque()
        self._called = False
        self._loop: asyncio.AbstractEventLoop

    @property
    def stopping(self) -> bool:
        """Whether each answer is its connection's last."""
        return bool(self._drain)

    def now(self) -> float:
        """Return the time that deadlines are kept in: seconds of the event loop's clock."""
        return self._loop.time()

    def wake(self, connection: Connection, pending: Pending) -> None:
        """Notify a connection that its answer is known; from any thread, one call for all of a batch."""
        self._woken.append((connection, pending))
        if not self._called:
            self._called = True
            with suppress(RuntimeError):  # the loop has ended, and each that waited has had a 503
                self._loop.call_soon_threadsafe(self._tell)

    def serve(self, listener: socket.socket) -> None:
        """Serve until a signal says to stop."""
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            runner.run(self._serve(listener))

    async def _serve(self, listener: socket.socket) -> None:
        self._loop = asyncio.get_running_loop()
        self._loop.set_exception_handler(_unexpected)
        self.environ = _environ(listener)
        asked = asyncio.Event()
        for number in SIGNALS:
            self._loop.add_signal_handler(number, asked.set)
        servers = [
            await self._loop.create_server(
                lambda: Connection(self), sock=listener.dup(), backlog=limits.BACKLOG
            )
            for _ in range(limits.ACCEPTED_AT_ONCE)  # libuv accepts one in each turn of its loop, on each
        ]
        watch = [asyncio.create_task(self._sweep()), asyncio.create_task(self._say_pressure())]
        await asked.wait()
        self._drain.begin()
        await asyncio.sleep(limits.STOP_SECONDS)
        listener.close()
        for server in servers:
            server.close()
        await self._finish()
        for task in watch:
            task.cancel()

    async def _finish(self) -> None:
        """Let requests that are under way end, and nothing else."""
        give_up = self.now() + self._grace
        while self.crowd.all and self.now() < give_up:
            for connection in list(self.crowd.all):
                connection.stop()
            await asyncio.sleep(limits.STOP_SECONDS / 10)
        for connection in list(self.crowd.all):
            connection.cut_off()

    def _tell(self) -> None:
        self._called = False  # first: what is appended from here on makes another call
        while self._woken:
            connection, pending = self._woken.popleft()
            self._attend(connection, partial(connection.settled, pending))

    def _attend(self, connection: Connection, act: Callable[[], None]) -> None:
        """Do something for one connection; if that fails it ends, and the others' turns come nevertheless."""
        try:
            act()
        except Exception as error:  # noqa: BLE001 - or a fault would end all deadlines, or strand a batch
            log_unexpected(error)
            connection.cut_off()

    async def _sweep(self) -> None:
        """End the waits that are over; a share of the time is for those that are not."""
        while True:
            begun = time.monotonic()
            await asyncio.sleep(limits.SWEEP_SECONDS)
            now = time.monotonic()
            pause = now + max(limits.SWEEP_AT_ONCE_SECONDS, limits.SWEEP_SHARE * (now - begun))
            while (connection := self.crowd.overdue(self.now())) is not None:
                self._attend(connection, connection.time_is_over)
                if time.monotonic() > pause:
                    break

    async def _say_pressure(self) -> None:
        """Log once a minute what strangers were refused: numbers, and nothing that says who they are."""
        while True:
            await asyncio.sleep(_PRESSURE_SECONDS)
            counts = self.crowd.take_counts()
            if counts:
                _log.warning("edge.pressure", connections=len(self.crowd.all), **counts)


def listen(address: tuple[str, int], family: socket.AddressFamily) -> socket.socket:
    """Return a socket for `serve`; raise OSError. What is set on it each connection inherits."""
    listener = socket.socket(family)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)  # a supervisor may hold the port for us
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, limits.RECEIVE_BUFFER_BYTES)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, limits.SEND_BUFFER_BYTES)
    if sys.platform == "linux":
        milliseconds = limits.UNACKNOWLEDGED_SECONDS * 1000
        listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, milliseconds)
    listener.bind(address)
    return listener


def _environ(listener: socket.socket) -> dict[str, Any]:
    """Return what PEP 3333 requires of every request's environment."""
    host, port = listener.getsockname()[:2]
    return {
        "SCRIPT_NAME": "",
        "SERVER_NAME": host,
        "SERVER_PORT": str(port),
        "SERVER_PROTOCOL": "HTTP/1.1",
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": "http",
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": False,
        "wsgi.multiprocess": False,
        "wsgi.run_once": False,
        "wsgi.input_terminated": True,
    }


def _unexpected(_loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
    error = context.get("exception")
    if isinstance(error, Exception):
        log_unexpected(error)
    else:
        _log.error("edge.failed", error=type(error).__name__)
