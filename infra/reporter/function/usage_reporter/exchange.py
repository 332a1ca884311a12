"""One request and the head of its response, on a connection that another thread can cut."""

from __future__ import annotations

import socket
import ssl
from contextlib import suppress
from http.client import HTTPConnection, HTTPResponse
from threading import Lock
from typing import Final
from urllib.parse import urlsplit

from .bounded import BoundedResponse

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
        secure, host = parts.scheme == "https", parts.hostname or ""
        usual = 443 if secure else 80
        port = parts.port or usual
        # Closed here, the socket lives as long as the response reads from it.
        with self._connect(host, port, secure=secure) as sock:
            connection = HTTPConnection(host, port)
            connection.default_port = usual  # which the Host header leaves out
            connection.sock = sock
            connection.response_class = BoundedResponse
            connection.request("POST", parts.path or "/", body, _HEADERS)
            return connection.getresponse()

    def cut(self) -> None:
        """Shut the connection down: a thread that waits on it goes on at once."""
        with self._lock:
            self._over = True
            if self._handle is not None:
                with suppress(OSError):  # the server was first
                    self._handle.shutdown(socket.SHUT_RDWR)
                self._handle.close()
                self._handle = None

    def _connect(self, host: str, port: int, *, secure: bool) -> socket.socket:
        plain = socket.create_connection((host, port), self._seconds / _CONNECT_SHARE)
        try:
            plain.settimeout(self._seconds)
            self._keep(plain)
            return _tls(plain, host) if secure else plain
        except BaseException:
            plain.close()
            raise

    def _keep(self, plain: socket.socket) -> None:
        # A duplicate: TLS takes the socket itself over, and its handshake can hang too.
        with self._lock:
            if self._over:
                raise TimeoutError
            self._handle = plain.dup()


def _tls(plain: socket.socket, host: str) -> ssl.SSLSocket:
    context = ssl.create_default_context()
    context.set_alpn_protocols(["http/1.1"])
    return context.wrap_socket(plain, server_hostname=host)
