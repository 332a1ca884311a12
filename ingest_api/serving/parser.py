"""From bytes to requests: httptools (llhttp) reads HTTP/1.1, this bounds it. No clock, no network."""

from collections import deque
from enum import Enum, auto
from http import HTTPStatus
from typing import Final

from httptools import HttpParserError, HttpParserUpgrade, HttpRequestParser

from ingest_api.body import too_large
from ingest_api.problems import ProblemError
from ingest_api.serving.head import Head, too_long
from ingest_api.serving.limits import BODY_BYTES, CODED_BODY_BYTES, HEAD_BYTES, PIPELINED
from ingest_api.serving.request import Refused, Request

_NEW_LINES: Final = b"\r\n"


class Part(Enum):
    """What of the next request has come."""

    NOTHING = auto()
    HEAD = auto()
    BODY = auto()


class RequestParser:
    """The requests of one connection, in their order: `ready` has those that have come whole.

    After a `Refused`, and after a request that ends its connection, nothing more is read.
    """

    def __init__(self) -> None:
        self.ready: deque[Request | Refused] = deque()
        self.part = Part.NOTHING
        self.must_continue = False
        """Whether the client waits for `100 Continue`; the server clears it."""
        self.ended = False
        """Whether nothing more comes of this connection."""
        self._parser = HttpRequestParser(self)
        self._head = Head()
        self._method = ""
        self._body = bytearray()  # not a list: chunks of two bytes would be twenty times as large
        self._fed = 0  # bytes since the last whole request, as they came
        self._refusal: ProblemError | None = None
        self._passing_over = False

    @property
    def missing(self) -> int:
        """Bytes that the body still lacks by its Content-Length; at least 1, and 1 if it has none."""
        return max(1, self._head.content_length - len(self._body))

    def feed(self, data: bytes) -> None:
        """Read on, in steps: behind a whole request too, no more than a step is taken beyond a bound."""
        if len(data) <= HEAD_BYTES:
            self._step(data)
            return
        for start in range(0, len(data), HEAD_BYTES):
            self._step(data[start : start + HEAD_BYTES])

    def _step(self, data: bytes) -> None:
        if self.ended:
            return
        if self.part is Part.NOTHING:
            data = data.lstrip(_NEW_LINES)  # empty lines before a request count for nothing (RFC 9112, 2.2)
            if not data:
                return
            self.part = Part.HEAD
        self._fed += len(data)
        try:
            self._read(data)
        except HttpParserError:
            self._refuse(self._refusal or _broken())
        else:
            self._bound()

    def cut_off(self) -> None:
        """Take note that the client sends no more."""
        if self.part is not Part.NOTHING:
            self._refuse(_broken())
        self.ended = True

    def time_out(self) -> None:
        """Take note that the request under way has taken too long."""
        self._refuse(_TIMED_OUT)

    def close(self) -> None:
        """Let go of httptools' parser, which holds this one."""
        self.ended = True
        del self._parser

    def _read(self, data: bytes) -> None:
        try:
            self._parser.feed_data(data)
        except HttpParserUpgrade as upgrade:
            if not self.ended:
                self._pass_over_upgrade(data[upgrade.args[0] :])

    def _pass_over_upgrade(self, rest: bytes) -> None:
        """Read on behind a head that offers another protocol: an offer may be ignored (RFC 9110, 7.8).

        llhttp takes such a request for complete, and what follows for the other protocol. Java's HttpClient
        makes the offer and sends a body behind it. So another parser begins where the body does.
        """
        if self._parser.get_method() == b"CONNECT":
            self._refuse(_broken())
            return
        head = self._head.framed_alike(keep_alive=self._parser.should_keep_alive())
        self._parser = HttpRequestParser(self)
        self._passing_over = True
        self._read(head)
        self._passing_over = False
        if rest:
            self._read(rest)

    def _bound(self) -> None:
        if self.part is Part.HEAD and self._fed > HEAD_BYTES:
            self._refuse(too_long())
        elif self.part is Part.BODY and self._fed > HEAD_BYTES + CODED_BODY_BYTES:
            self._refuse(too_large())

    def _refuse(self, problem: ProblemError) -> None:
        if not self.ended:
            self.ended = True
            self.part = Part.NOTHING
            # Until llhttp has read a method it gives the last request's, and behind an upgrade it says POST.
            method = self._method or (self._parser.get_method().decode("ascii") if self._head.target else "")
            # Without the frames that raised it: they hold this.
            self.ready.append(Refused(problem.with_traceback(None), head=method == "HEAD"))

    # What httptools calls, in this order. Whatever is raised here ends `feed_data` with an HttpParserError.

    def on_message_begin(self) -> None:
        """Begin the next request; behind one that ended the connection there is none."""
        if self.ended:
            raise _broken()
        if not self._passing_over:
            self._head = Head()
            self._body = bytearray()
            self._method = ""
            self.part = Part.HEAD

    def on_url(self, piece: bytes) -> None:
        """Take the target, or a piece of it."""
        if not self._passing_over:
            self._head.add_target(piece)

    def on_header(self, name: bytes, value: bytes) -> None:
        """Take a header field; those behind a chunked body (trailers) count for nothing."""
        if self.part is Part.HEAD and not self._passing_over:
            self._head.add_field(name, value)

    def on_headers_complete(self) -> None:
        """Refuse what is too long before it has come."""
        if self._passing_over:
            return
        try:
            self._head.check(self._parser.get_http_version())
        except ProblemError as problem:
            self._refusal = problem
            raise
        self.part = Part.BODY
        self._method = self._parser.get_method().decode("ascii")
        self.must_continue = self._head.expects and self._parser.get_http_version() != "1.0"

    def on_body(self, piece: bytes) -> None:
        """Take a piece of the body."""
        if len(self._body) + len(piece) > BODY_BYTES:
            self._refusal = too_large()
            raise self._refusal
        self._body += piece

    def on_message_complete(self) -> None:
        """Hand the request over."""
        if self.ended or self._parser.should_upgrade():
            return  # it goes on in `_pass_over_upgrade`
        keep_alive = self._parser.should_keep_alive() and len(self.ready) < PIPELINED - 1
        body = bytes(self._body)
        self.ready.append(Request(self._method, self._head.target, self._head.fields, body, keep_alive))
        self.part = Part.NOTHING
        self.must_continue = False
        self._fed = 0
        self.ended = not keep_alive


def _broken() -> ProblemError:
    return ProblemError(
        HTTPStatus.BAD_REQUEST, "This is not one whole HTTP/1.1 request. Send it again, framed correctly."
    )


_TIMED_OUT: Final = ProblemError(
    HTTPStatus.REQUEST_TIMEOUT, "The request did not come whole in time. Send it again."
)
