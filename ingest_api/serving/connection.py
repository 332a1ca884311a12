"""One connection: its requests, their answers, and a deadline for whatever it waits for."""

from __future__ import annotations

import asyncio
import math
import socket
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Final, Protocol, cast

from ingest_api.pending import Pending
from ingest_api.serving.parser import Part, RequestParser
from ingest_api.serving.request import Refused, Request
from ingest_api.serving.response import Response
from ingest_api.serving.state import BUSY, SECONDS, State

if TYPE_CHECKING:
    from collections.abc import Iterable
    from wsgiref.types import WSGIApplication

    from ingest_api.serving.crowd import Crowd
    from ingest_api.serving.response import Dates

_CONTINUE: Final = b"HTTP/1.1 100 Continue\r\n\r\n"


class Host(Protocol):
    """What the server is to its connections."""

    application: WSGIApplication
    crowd: Crowd[Connection]
    dates: Dates
    environ: dict[str, Any]
    """What all requests' WSGI environments have in common."""

    @property
    def stopping(self) -> bool:
        """Whether each answer is its connection's last."""

    def now(self) -> float:
        """Return the time that deadlines are kept in, in seconds."""

    def wake(self, connection: Connection, pending: Pending) -> None:
        """Have `connection.settled(pending)` called soon, in the server's thread; from any thread."""


class Connection(asyncio.Protocol):
    """Reads requests one after another, and answers the next one when the last answer has left."""

    __slots__ = (
        "_half_closed",
        "_keep_alive",
        "_parser",
        "_paused",
        "_pending",
        "_response",
        "_server",
        "_transport",
        "_woken_at",
        "deadline",
        "since",
        "state",
    )

    def __init__(self, server: Host) -> None:
        self._server = server
        self._parser: RequestParser | None = None  # a silent connection has none
        self._pending: Pending | None = None
        self._response = Response()
        self._keep_alive = True
        self._half_closed = False
        self._paused = False
        self._woken_at = 1
        self.state = State.BETWEEN
        self.since = 0.0
        self.deadline = math.inf

    # What the event loop calls.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin, if there is a place."""
        self._transport = cast("asyncio.Transport", transport)
        if not self._server.crowd.admit(self):
            self._transport.abort()
            return
        self._transport.set_write_buffer_limits(high=0)  # so that whatever is not read at once is known
        self._enter(State.SILENT)

    def data_received(self, data: bytes) -> None:
        """Read on; behind the last request everything is thrown away."""
        if self.state is State.LINGERING:
            return
        if self._parser is None:
            self._parser = RequestParser()
        self._parser.feed(data)
        if self.state in BUSY:
            self._pause()
            return
        dripping = self.state is State.BODY
        self._go_on(self._parser)
        if dripping or self._woken_at > 1:
            self._wake_at(self._parser.missing if self.state is State.BODY else 1)

    def eof_received(self) -> bool:
        """Answer what has come whole; a request that was cut off is refused."""
        self._half_closed = True
        if self._parser is None or self.state is State.LINGERING:
            return False
        self._parser.cut_off()
        if self.state not in BUSY:
            self._go_on(self._parser)
        return True

    def pause_writing(self) -> None:
        """Wait for the client to read its answer; until then nothing more of it is read."""
        if self.state is not State.LINGERING:
            self._enter(State.UNREAD)
            self._pause()

    def resume_writing(self) -> None:
        """Go on: the answer has left."""
        if self.state is State.UNREAD and self._parser is not None and not self._transport.is_closing():
            self.state = State.BETWEEN
            self._go_on(self._parser)

    def connection_lost(self, _error: Exception | None) -> None:
        """Forget it, and leave nothing to the garbage collector. A report that it handed in goes its way."""
        self._pending = None
        if self._parser is not None:
            self._parser.close()
            self._parser = None
        self.deadline = math.inf
        self._server.crowd.forget(self)

    # What the server calls.

    def settled(self, pending: Pending) -> None:
        """Answer the request that had to wait; another one's late news counts for nothing."""
        if pending is self._pending and self._parser is not None:
            self._pending = None
            self._answer(pending.finish())
            self._go_on(self._parser)

    def time_is_over(self) -> None:
        """Do what is due at the deadline."""
        if self._pending is not None:
            self.settled(self._pending)  # the answer will say that it is not known
            return
        if self.state not in {State.LINGERING, State.IDLE}:
            self._server.crowd.count(self.state.name)
        if self._parser is not None and self.state in {State.HEAD, State.BODY}:
            self._parser.time_out()
            self._go_on(self._parser)
        elif self.state in {State.SILENT, State.IDLE}:
            self._transport.close()
        else:
            self._transport.abort()

    def stop(self) -> None:
        """End it, unless a request of it is under way."""
        if self.state in {State.SILENT, State.IDLE, State.HEAD}:
            self.cut_off()

    def cut_off(self) -> None:
        """End it now."""
        self.deadline = math.inf
        self._server.crowd.forget(self)
        self._transport.abort()

    # What it does itself.

    def _go_on(self, parser: RequestParser) -> None:
        """Answer the requests that are ready, one after the other, then wait for what comes next."""
        while self.state not in BUSY and parser.ready:
            self._serve(parser.ready.popleft())
        if self.state in BUSY:
            return
        if parser.ended:
            self._end()
            return
        if parser.must_continue:
            parser.must_continue = False
            self._transport.write(_CONTINUE)
        self._resume()
        if self.state not in BUSY:
            self._enter(self._wanted(parser))

    def _pause(self) -> None:
        if not self._paused:
            self._paused = True
            self._transport.pause_reading()

    def _resume(self) -> None:
        if self._paused:
            self._paused = False
            self._transport.resume_reading()

    def _wake_at(self, size: int) -> None:
        """Have the system wait for so many bytes: a body that drips in costs two reads, not one a byte.

        The end of what a client sends counts too, and so does a full buffer.
        """
        if size != self._woken_at and not self._transport.is_closing():
            self._woken_at = size
            ours = self._transport.get_extra_info("socket")
            # Not by uvloop's own object: it makes a copy of the socket for each option.
            lent = socket.socket(ours.family, ours.type, ours.proto, ours.fileno())
            try:
                with suppress(OSError):  # one that has just been reset, on some systems
                    lent.setsockopt(socket.SOL_SOCKET, socket.SO_RCVLOWAT, size)
            finally:
                lent.detach()

    def _wanted(self, parser: RequestParser) -> State:
        """Return what to wait for before the next request is whole."""
        if parser.part is not Part.NOTHING:
            return State.HEAD if parser.part is Part.HEAD else State.BODY
        return State.SILENT if self.state is State.SILENT else State.IDLE

    def _serve(self, request: Request | Refused) -> None:
        if isinstance(request, Refused):
            self._keep_alive = False
            self._answer(request.problem.answer.start(self._response.start, head=request.head))
            return
        self._keep_alive = request.keep_alive
        body = self._server.application(request.environ(self._server.environ), self._response.start)
        if isinstance(body, Pending):
            self._pending = body
            self._enter(State.STREAM, body.seconds)
            body.subscribe(lambda: self._server.wake(self, body))
        else:
            self._answer(body)

    def _answer(self, body: Iterable[bytes]) -> None:
        self.state = State.BETWEEN
        keep_alive = self._keep_alive and not self._server.stopping
        if not keep_alive and self._parser is not None:
            self._parser.ready.clear()
            self._parser.ended = True
        self._transport.write(self._response.whole(body, self._server.dates.line(), keep_alive=keep_alive))

    def _end(self) -> None:
        """Close after the last answer; a client that is still sending must not lose it to a reset."""
        if self._half_closed or self._transport.is_closing():
            self._transport.close()
            return
        self._enter(State.LINGERING)
        self._resume()
        self._transport.write_eof()

    def _enter(self, state: State, seconds: float | None = None) -> None:
        """Change the state; staying in it does not renew its deadline."""
        if state is self.state:
            return
        self.state = state
        self.since = self._server.now()
        self.deadline = self.since + (SECONDS[state] if seconds is None else seconds)
        self._server.crowd.queue(self, state)
