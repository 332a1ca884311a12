"""What an application starts, as bytes."""

from __future__ import annotations

import time
from email.utils import formatdate
from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable


class Response:
    """The status and headers of one connection's next answer."""

    __slots__ = ("_headers", "_status")

    def __init__(self) -> None:
        self._status = ""
        self._headers: list[tuple[str, str]] = []

    def start(
        self, status: str, headers: list[tuple[str, str]], _exc_info: object = None, /
    ) -> Callable[[bytes], object]:
        """Take status and headers, as WSGI's start_response; what is written in its old way is refused."""
        self._status = status
        self._headers = headers
        return _write

    def whole(self, body: Iterable[bytes], date: bytes, *, keep_alive: bool) -> bytes:
        """Return the answer; its headers have its Content-Length already."""
        end = b"\r\n" if keep_alive else b"Connection: close\r\n\r\n"
        return b"".join((_lines(self._status, tuple(self._headers)), date, end, *body))


@lru_cache(256)  # most answers have the same
def _lines(status: str, headers: tuple[tuple[str, str], ...]) -> bytes:
    fields = "".join(f"{name}: {value}\r\n" for name, value in headers)
    return f"HTTP/1.1 {status}\r\n{fields}".encode("latin-1")


class Dates:
    """The Date header, made once a second: a server with a clock must send one (RFC 9110, 6.6.1)."""

    def __init__(self) -> None:
        self._second = 0
        self._line = b""

    def line(self) -> bytes:
        """Return the header's line for now."""
        second = int(time.time())
        if second != self._second:
            self._second = second
            self._line = b"Date: %b\r\n" % formatdate(second, usegmt=True).encode("ascii")
        return self._line


def _write(_data: bytes) -> None:
    raise NotImplementedError("this server takes a response's body as an iterable")
