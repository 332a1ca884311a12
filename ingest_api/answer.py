"""What the edge answers, and the headers that every answer has."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from http import HTTPStatus
from typing import TYPE_CHECKING, Final

import orjson

if TYPE_CHECKING:
    from wsgiref.types import StartResponse

JSON: Final = "application/json"

_EVERYWHERE: Final = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}
"""No answer is kept by a cache, framed, embedded by another site, or taken for another type than it says."""


_RFC_9110: Final = {HTTPStatus.REQUEST_ENTITY_TOO_LARGE: "Content Too Large"}


def phrase(status: HTTPStatus) -> str:
    """Return a status's name in RFC 9110; Python has an older RFC's before 3.13."""
    return _RFC_9110.get(status, status.phrase)


@dataclass(frozen=True, slots=True)
class Answer:
    """One HTTP answer; `headers` add to those that every answer has, or replace one."""

    status: HTTPStatus
    body: bytes
    content_type: str = JSON
    headers: tuple[tuple[str, str], ...] = ()

    @classmethod
    def of(cls, document: object, status: HTTPStatus = HTTPStatus.OK) -> Answer:
        """Answer a JSON document."""
        return cls(status, orjson.dumps(document))

    def start(self, start_response: StartResponse, *, head: bool) -> list[bytes]:
        """Give the answer as WSGI has it; to a HEAD request without its body."""
        line, headers = _head(self.status, self.content_type, len(self.body), self.headers)
        start_response(line, list(headers))
        return [] if head else [self.body]


@lru_cache(256)  # answers to reports differ in their bodies alone
def _head(
    status: HTTPStatus, content_type: str, length: int, headers: tuple[tuple[str, str], ...]
) -> tuple[str, tuple[tuple[str, str], ...]]:
    own = {"Content-Type": content_type, "Content-Length": str(length)}
    return f"{status.value} {phrase(status)}", tuple((_EVERYWHERE | own | dict(headers)).items())
