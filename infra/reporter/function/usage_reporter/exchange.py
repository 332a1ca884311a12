"""One request and the head of its response, on a connection that another thread can cut."""

from __future__ import annotations

import socket
import ssl
from contextlib import suppress
from http.client import HTTPConnection, HTTPResponse, HTTPSConnection
from threading import Lock
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from .bounded import BoundedResponse

if TYPE_CHECKING:
    from urllib.parse import SplitResult

_CONNECT_SHARE: Final = 3
"""A name may have several addresses: one that does not answer leaves time for two more."""

_HEADERS: Final = {
    "Content-Type": "application/json",
    "User-Agent": "usage-reporter",
    "Connection": "close",
}


class Exchange:
    """A POST. Follows no redirect, uses no proxy, and sends nothing after `cut`."""

    def __init__(self, url: str, seconds: float) -> None:
        self._url = url
        self._seconds = seconds
        self._lock = Lock()
        self._over = False
        self._handle: socket.socket | None = None

    def send(self, body: bytes) -> HTTPResponse:
        """Return the response when its head is there; raise for whatever prevents that."""
        parts = urlsplit(self._url)
        connection = self._connect(parts)
        connection.response_class = BoundedResponse
        try:
            connection.request("POST", parts.path or "/", body, _HEADERS)
            return connection.getresponse()
        except BaseException:
            connection.close()
            raise

    def cut(self) -> None:
        """Shut the connection down: a thread that waits on it goes on at once."""
        with self._lock:
            self._over = True
            if self._handle is not None:
                with suppress(OSError):  # the server was first
                    self._handle.shutdown(socket.SHUT_RDWR)
                self._handle.close()
                self._handle = None

    def _connect(self, parts: SplitResult) -> HTTPConnection:
        secure, host = parts.scheme == "https", parts.hostname or ""
        port = parts.port or (443 if secure else 80)
        plain = socket.create_connection((host, port), self._seconds / _CONNECT_SHARE)
        try:
            plain.settimeout(self._seconds)
            self._keep(plain)
            return _tls(plain, host, port) if secure else _over(HTTPConnection(host, port), plain)
        except BaseException:
            plain.close()
            raise

    def _keep(self, plain: socket.socket) -> None:
        # A duplicate: TLS takes the socket itself over, and its handshake can hang too.
        with self._lock:
            if self._over:
                raise TimeoutError
            self._handle = plain.dup()


def _tls(plain: socket.socket, host: str, port: int) -> HTTPConnection:
    context = ssl.create_default_context()
    context.set_alpn_protocols(["http/1.1"])
    wrapped = context.wrap_socket(plain, server_hostname=host)
    return _over(HTTPSConnection(host, port, context=context), wrapped)


def _over(connection: HTTPConnection, sock: socket.socket) -> HTTPConnection:
    connection.sock = sock
    return connection
