"""One try to hand the report over: a POST, and what became of it."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from http.client import HTTPException, HTTPResponse
from typing import TYPE_CHECKING, Final
from urllib.error import URLError
from urllib.request import HTTPErrorProcessor, Request, build_opener

if TYPE_CHECKING:
    from email.message import Message

_SECONDS: Final = 10.0
"""How long the server may be silent: twice what the edge waits for its stream."""

_PROBLEM_BYTES: Final = 8192
_LONGEST_TEXT: Final = 500

_PASSING: Final = {HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.TOO_MANY_REQUESTS}
"""The 4xx that say when, not what: a load balancer's time-out, and a rate limit."""


@dataclass(frozen=True)
class Answer:
    """A status, or the kind of error if there was none; with the problem's text, if the server gave one."""

    status: int | None = None
    error: str | None = None
    title: str | None = None
    detail: str | None = None
    retry_after: float | None = None

    @property
    def taken(self) -> bool:
        """Whether the stream has the report."""
        return self.status is not None and self.status // 100 == HTTPStatus.OK // 100

    @property
    def passing(self) -> bool:
        """Whether the same report may be taken later."""
        return (
            self.status is None or self.status in _PASSING or self.status >= HTTPStatus.INTERNAL_SERVER_ERROR
        )


class _AsItCame(HTTPErrorProcessor):
    """Lets every answer through: nothing is raised, and a report never follows a redirect elsewhere."""

    def http_response(self, request: Request, response: HTTPResponse) -> HTTPResponse:  # noqa: ARG002
        return response

    def https_response(self, request: Request, response: HTTPResponse) -> HTTPResponse:  # noqa: ARG002
        return response


def post(url: str, body: bytes, seconds: float = _SECONDS) -> Answer:
    """POST a JSON document. What goes wrong on the way is an answer without a status, never an exception."""
    headers = {"Content-Type": "application/json", "User-Agent": "usage-reporter"}
    request = Request(url, body, headers, method="POST")  # noqa: S310 - the settings let web addresses through alone
    try:
        with build_opener(_AsItCame).open(request, timeout=seconds) as response:
            title, detail = _problem(response, seconds)
            return Answer(response.status, None, title, detail, _retry_after(response.headers))
    except URLError as error:
        reason = error.reason
        return Answer(error=type(reason if isinstance(reason, BaseException) else error).__name__)
    except (OSError, HTTPException) as error:
        return Answer(error=type(error).__name__)


def _problem(response: HTTPResponse, seconds: float) -> tuple[str | None, str | None]:
    # RFC 9457. What is not such a document is a proxy's page, in which anything may stand: it is not logged.
    if response.headers.get_content_type() != "application/problem+json":
        return None, None
    try:
        document = json.loads(_read(response, seconds))
    except (OSError, HTTPException, ValueError):
        return None, None
    if not isinstance(document, dict):
        return None, None
    return _text(document.get("title")), _text(document.get("detail"))


def _read(response: HTTPResponse, seconds: float) -> bytes:
    # Piece by piece: a server that sends one byte after another would never run into a socket's time-out.
    end, read = time.monotonic() + seconds, b""
    while len(read) < _PROBLEM_BYTES and time.monotonic() < end:
        piece = response.read1(_PROBLEM_BYTES)
        if not piece:
            break
        read += piece
    return read


def _text(value: object) -> str | None:
    return value[:_LONGEST_TEXT] if isinstance(value, str) else None


def _retry_after(headers: Message) -> float | None:
    # Seconds, or a date (RFC 9110, 10.2.3).
    value = headers.get("Retry-After", "").strip()
    if value.isascii() and value.isdigit():
        return float(value)
    try:
        return max(0.0, parsedate_to_datetime(value).timestamp() - time.time())
    except (ValueError, OverflowError):
        return None
