"""One try to hand the report over: a POST, and what became of it."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass, replace
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from typing import TYPE_CHECKING, Final

from .deadline import within
from .exchange import Exchange

if TYPE_CHECKING:
    from email.message import Message
    from http.client import HTTPResponse

SECONDS: Final = 10.0
"""How long one try may take, from resolving the name to the last byte: twice the edge's wait for Kinesis."""

_PROBLEM_BYTES: Final = 8192
_MOST_NESTED: Final = 64
"""Objects and lists in a problem document. The parser recurses, and a thread's stack is finite."""

_LONGEST_TEXT: Final = 500
_LONGEST_RETRY_AFTER: Final = 40

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
        """Whether the same report may be taken later. An interim status (1xx) decides nothing."""
        return (
            self.status is None
            or self.status < HTTPStatus.OK
            or self.status in _PASSING
            or self.status >= HTTPStatus.INTERNAL_SERVER_ERROR
        )


def post(url: str, body: bytes, seconds: float = SECONDS) -> Answer:
    """POST a JSON document and return within `seconds`, whatever the server does.

    What goes wrong on the way is an answer without a status, never an exception.
    """
    exchange = Exchange(url, seconds)
    heads: list[Answer] = []
    try:
        return within(seconds, lambda: _try(exchange, body, heads))
    except Exception as error:  # noqa: BLE001 - no list can name all that a server can cause
        return heads[0] if heads else Answer(error=type(error).__name__)
    finally:
        exchange.cut()


def _try(exchange: Exchange, body: bytes, heads: list[Answer]) -> Answer:
    # The head counts as soon as it is there: the body may never end, or not be readable.
    with exchange.send(body) as response:
        head = Answer(response.status, retry_after=_retry_after(response.headers))
        heads.append(head)
        if head.taken:
            return head
        title, detail = _problem(response)
        return replace(head, title=title, detail=detail)


def _problem(response: HTTPResponse) -> tuple[str | None, str | None]:
    # RFC 9457. What is not such a document is a proxy's page, which can contain anything: it is not logged.
    if response.headers.get_content_type() != "application/problem+json":
        return None, None
    read = response.read(_PROBLEM_BYTES)
    if read.count(b"[") + read.count(b"{") > _MOST_NESTED:
        return None, None
    document = json.loads(read)
    if not isinstance(document, dict):
        return None, None
    return _text(document.get("title")), _text(document.get("detail"))


def _text(value: object) -> str | None:
    # Control characters and those that turn the direction of writing would deceive the log's reader.
    if not isinstance(value, str):
        return None
    return "".join(one if one.isprintable() else "\ufffd" for one in value[:_LONGEST_TEXT])


def _retry_after(headers: Message) -> float | None:
    # Seconds, or a date (RFC 9110, 10.2.3).
    value = headers.get("Retry-After", "")[:_LONGEST_RETRY_AFTER].strip()
    if value.isascii() and value.isdigit():
        return float(value)
    try:
        return max(0.0, parsedate_to_datetime(value).timestamp() - time.time())
    except Exception:  # noqa: BLE001 - the parser of dates does not say all that it can raise
        return None
