"""The kinds of strangers: what each sends, and what becomes of it at the edge."""

from dataclasses import dataclass
from enum import Enum
from typing import Final

from tests.benchmarks.load import requests

_PATH: Final = b"POST /v1/metrics HTTP/1.1\r\nHost: 127.0.0.1\r\n"
_HEAD: Final = _PATH + b"Content-Type: application/json\r\nContent-Length: 227\r\n\r\n"
_REPORT: Final = requests(1)[0]
_ASK: Final = b"GET /openapi.json HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"
_PIPELINED: Final = 16  # the document is some 10 KiB: three times what kernel buffers of this size hold


@dataclass(frozen=True, slots=True)
class Conduct:
    """What a stranger sends at first, then once a second; and whether it reads the answers."""

    first: bytes = b""
    each_second: bytes = b""
    reads: bool = True


class Kind(Enum):
    """What all strangers of a crowd do. `MIXED` is every other kind in turn."""

    SILENT = "silent"
    """Connects and sends nothing."""

    HALF_HEAD = "half_head"
    """Sends part of a head, then nothing."""

    SLOW_HEAD = "slow_head"
    """Sends part of a head, then a byte of it a second."""

    DRIP = "drip"
    """Sends a whole head, then a byte of the body a second."""

    STALLED = "stalled"
    """Sends a whole head and one byte of the body, then nothing."""

    IDLE = "idle"
    """Sends one good report, reads its 202, and keeps the connection."""

    UNREAD = "unread"
    """Asks for the OpenAPI document sixteen times, then once a second, and reads nothing."""

    MIXED = "mixed"

    @property
    def members(self) -> list["Kind"]:
        """The kinds that take turns in a crowd of this one."""
        return [kind for kind in Kind if kind is not Kind.MIXED] if self is Kind.MIXED else [self]

    @property
    def conduct(self) -> Conduct:
        """What one stranger does; KeyError for `MIXED`, which is not one stranger's kind."""
        return _CONDUCT[self]

    @property
    def answer(self) -> int | None:
        """The status that ends its connection; None where it ends without an answer to what it does."""
        return 408 if self in _TIMED_OUT else None

    @property
    def leaves_soon(self) -> bool:
        """Whether the edge ends its connection after 5 or 10 s; the others may stay for 75 s."""
        return self in _TIMED_OUT or self is Kind.UNREAD


_CONDUCT: Final = {
    Kind.SILENT: Conduct(),
    Kind.HALF_HEAD: Conduct(_PATH + b"X-Sl"),
    Kind.SLOW_HEAD: Conduct(_PATH + b"X-Sl", b"o"),
    Kind.DRIP: Conduct(_HEAD, b" "),
    Kind.STALLED: Conduct(_HEAD + b"{"),
    Kind.IDLE: Conduct(_REPORT),
    Kind.UNREAD: Conduct(_ASK * _PIPELINED, _ASK, reads=False),
}
_TIMED_OUT: Final = {Kind.HALF_HEAD, Kind.SLOW_HEAD, Kind.DRIP, Kind.STALLED}
