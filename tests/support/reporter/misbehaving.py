"""Servers that never come to an end of an answer, or send far too much of it."""

from __future__ import annotations

import itertools
import socket
import threading
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from infra.local.ports import LOOPBACK

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_PROBLEM: Final = b"HTTP/1.1 413 No\r\nContent-Type: application/problem+json\r\nContent-Length: 8000\r\n\r\n"


def _bytes(text: bytes) -> list[bytes]:
    return [text[place : place + 1] for place in range(len(text))]


ENDLESS: Final[dict[str, tuple[float, Iterable[bytes]]]] = {
    "says nothing": (0.05, ()),
    "drips its head": (0.05, [*_bytes(b"HTTP/1.1 202 Accepted\r\nX: "), *[b"x"] * 10_000]),
    "says 100 Continue for ever": (0.05, [b"HTTP/1.1 100 Continue\r\n\r\n"] * 10_000),
    "sends header after header": (0.5, [b"HTTP/1.1 202 Accepted\r\n", *[b"X: y\r\n"] * 10_000]),
}
"""Without a whole head: seconds between the pieces, and the pieces."""

ENDLESS_BODY: Final = (0.05, [_PROBLEM, *[b"["] * 7_999])

FLOODS: Final[dict[str, Iterable[bytes]]] = {
    "100 Continue": [b"HTTP/1.1 100 Continue\r\nX: y\r\n\r\n" * 1000] * 50,
    "one header": [b"HTTP/1.1 202 Accepted\r\nX: ", *[b"x" * 10_000] * 50],
    "long headers": [b"HTTP/1.1 202 Accepted\r\n", *[b"X: " + b"x" * 60_000 + b"\r\n"] * 50],
    "many headers": [b"HTTP/1.1 202 Accepted\r\n", *[b"X: y\r\n" * 1000] * 50],
    "no HTTP": [b"\xff" * 10_000] * 50,
}
"""As fast as they are read, and more than is read."""


@dataclass
class Misbehaving:
    """Sends the pieces to each connection; `ended` is set when the first client has gone."""

    port: int
    ended: threading.Event = field(default_factory=threading.Event)
    _over: threading.Event = field(default_factory=threading.Event)

    def serve(self, listening: socket.socket, seconds: float, pieces: Iterable[bytes]) -> None:
        while True:
            try:
                client, _ = listening.accept()
            except OSError:
                return
            threading.Thread(target=self._act, args=(client, seconds, pieces), daemon=True).start()

    def _act(self, client: socket.socket, seconds: float, pieces: Iterable[bytes]) -> None:
        with client, suppress(OSError):
            client.settimeout(60)
            for piece in itertools.chain(pieces):
                client.sendall(piece)
                if self._over.wait(seconds):
                    return
            while client.recv(65_536):
                pass
        self.ended.set()

    def stop(self) -> None:
        self._over.set()


@contextmanager
def misbehave(pieces: Iterable[bytes] = (), seconds: float = 0.0) -> Iterator[Misbehaving]:
    """Serve on a loopback port of the system's choice until the context ends."""
    with socket.create_server((LOOPBACK, 0)) as listening:
        server = Misbehaving(listening.getsockname()[1])
        thread = threading.Thread(target=server.serve, args=(listening, seconds, pieces), daemon=True)
        thread.start()
        try:
            yield server
        finally:
            server.stop()
            listening.shutdown(socket.SHUT_RDWR)
            thread.join(30)
