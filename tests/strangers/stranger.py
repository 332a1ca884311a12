"""One stranger: a connection that does what its kind does, and nothing else."""

import errno
import select
import socket
import time
from typing import Final

from tests.strangers.kind import Kind

ENDED: Final = "closed"
RESET: Final = "reset"

_SOURCES: Final = 16
"""Loopback addresses that strangers come from: one has only 28,000 ports, and ports rest after use."""

_IP_BIND_ADDRESS_NO_PORT: Final = 24  # Linux: the port is chosen at connect, where more of them are free
_SMALL: Final = 2048
_SEGMENT: Final = 536
"""Bytes in a segment to a stranger that does not read.

On loopback a segment has 64 KiB, so the kernel buffers megabytes for each connection; over a network not.
"""


class Stranger:
    """A connection that is being opened or open; `status` is the last answer's."""

    __slots__ = ("_conduct", "_socket", "born", "first", "kind", "place", "status", "up")

    def __init__(self, port: int, kind: Kind, place: int, *, first: bool = True) -> None:
        """Begin to connect; `place` is its number in the crowd, and it is the `first` one there or back."""
        self.kind = kind
        self.place = place
        self.first = first
        self.up = False
        self.born = time.monotonic()
        self.status: int | None = None
        self._conduct = kind.conduct
        self._socket = socket.socket()
        self._socket.settimeout(0)
        if not self._conduct.reads:
            self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _SMALL)
            self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_MAXSEG, _SEGMENT)
        self._socket.setsockopt(socket.IPPROTO_IP, _IP_BIND_ADDRESS_NO_PORT, 1)
        self._socket.bind((f"127.0.0.{2 + place % _SOURCES}", 0))
        if (error := self._socket.connect_ex(("127.0.0.1", port))) not in {0, errno.EINPROGRESS}:
            self.close()
            raise OSError(error, errno.errorcode[error])

    def fileno(self) -> int:
        return self._socket.fileno()

    @property
    def waits_for(self) -> int:
        """What epoll should watch for, by itself a connection's end."""
        if not self.up:
            return select.EPOLLOUT
        return select.EPOLLRDHUP | (select.EPOLLIN if self._conduct.reads else 0)

    def react(self, events: int) -> str | None:
        """Take what epoll saw; return how the connection ended, None if it has not."""
        if events & (select.EPOLLERR | select.EPOLLHUP):
            return RESET
        if not self.up:
            self.up = True
            return self._send(self._conduct.first)
        if not self._conduct.reads:
            return ENDED if events & select.EPOLLRDHUP else None
        return self._read()

    def second(self) -> str | None:
        """Do what the kind does each second; return how the connection ended, None if it has not."""
        return self._send(self._conduct.each_second) if self.up else None

    def close(self) -> None:
        self._socket.close()

    def _send(self, data: bytes) -> str | None:
        if not data:
            return None
        try:
            self._socket.send(data)
        except BlockingIOError:
            return None  # nobody reads here either: the edge took enough of it
        except OSError:
            return RESET
        return None

    def _read(self) -> str | None:
        try:
            data = self._socket.recv(4096)
        except BlockingIOError:
            return None
        except OSError:
            return RESET
        if data.startswith(b"HTTP/1.1 "):
            self.status = int(data[9:12])
        return None if data else ENDED
