"""WSGI requests and answers as whole things: a body to be read twice, an answer that can be held back."""

from __future__ import annotations

import io
from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING

import orjson

if TYPE_CHECKING:
    from collections.abc import Iterable
    from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment


@dataclass(frozen=True, slots=True)
class Answer:
    """A whole answer: the status with its reason, the headers, the body."""

    status: str
    headers: list[tuple[str, str]]
    body: bytes

    def send(self, start_response: StartResponse) -> list[bytes]:
        """Give it to the server."""
        start_response(self.status, self.headers)
        return [self.body]


def json_answer(document: object, status: HTTPStatus = HTTPStatus.OK) -> Answer:
    """Return a document as an answer."""
    return Answer(f"{status} {status.phrase}", [("Content-Type", "application/json")], orjson.dumps(document))


def read_body(environ: WSGIEnvironment) -> bytes:
    """Return the request's body, and leave it to be read again."""
    source = environ["wsgi.input"]
    if isinstance(source, io.BytesIO):
        return source.getvalue()
    body: bytes = source.read()
    environ["wsgi.input"] = io.BytesIO(body)
    return body


def run(application: WSGIApplication, environ: WSGIEnvironment) -> Answer:
    """Let the application do what was asked, and return its answer instead of sending it."""
    started: list[tuple[str, list[tuple[str, str]]]] = []

    def start_response(status: str, headers: list[tuple[str, str]], *_error: object) -> object:
        started.append((status, headers))
        return None  # WSGI's write() has been out of use for twenty years

    chunks = application(environ, start_response)  # type: ignore[arg-type] # returns no write()
    try:
        body = b"".join(chunks)
    finally:
        if hasattr(chunks, "close"):
            chunks.close()
    return Answer(*started[-1], body)


def break_off(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
    """End the connection without an answer (HTTP/1.1), or the stream within one (HTTP/2).

    WSGI knows no socket, so an answer is given that the server cannot send: over HTTP/1.1 one with two
    lengths, over HTTP/2 one with a length and no body. botocore and the Java SDK take it for a broken
    connection and try again. An iterator, because Granian tells the length of a whole body itself.
    """
    lengths = ["1"] if environ["SERVER_PROTOCOL"] == "HTTP/2" else ["1", "2"]
    start_response("500 Broken Off", [("Content-Length", length) for length in lengths])
    return iter(())
