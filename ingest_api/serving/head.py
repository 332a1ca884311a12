"""The head of the request that is being read: its target, and the few header fields that count."""

from http import HTTPStatus
from typing import Final

from ingest_api.body import too_large
from ingest_api.problems import ProblemError
from ingest_api.serving.limits import BODY_BYTES, HEAD_BYTES

KEPT: Final = {
    b"content-type": "CONTENT_TYPE",
    b"content-encoding": "HTTP_CONTENT_ENCODING",
    b"host": "HTTP_HOST",
    b"origin": "HTTP_ORIGIN",
    b"sec-fetch-site": "HTTP_SEC_FETCH_SITE",
}
"""The fields that the application gets, by their names in WSGI. No other one leaves the parser: no user
agent, address or cookie."""

_FRAMING: Final = frozenset({b"content-length", b"transfer-encoding"})


class Head:
    """A head, as far as it has come."""

    __slots__ = ("expects", "fields", "framing", "hosts", "size", "target")

    def __init__(self) -> None:
        self.target = b""
        self.fields: dict[str, str] = {}
        self.framing: list[tuple[bytes, bytes]] = []
        self.expects = False
        self.hosts = 0
        self.size = 0

    def add_target(self, piece: bytes) -> None:
        """Take the target, or a piece of it."""
        self.size += len(piece)
        self.target += piece

    def add_field(self, name: bytes, value: bytes) -> None:
        """Take a header field; one that is repeated becomes a list (RFC 9110, 5.3)."""
        self.size += len(name) + len(value)
        field = name.lower()
        if (kept := KEPT.get(field)) is not None:
            text = value.decode("latin-1")
            self.fields[kept] = f"{self.fields[kept]},{text}" if kept in self.fields else text
            self.hosts += field == b"host"
        elif field in _FRAMING:
            self.framing.append((field, value))
        elif field == b"expect":
            self.expects = value.lower() == b"100-continue"

    def check(self, version: str) -> None:
        """Raise a 431, the 413 of a body that is too long by its own word, or a 400 for its Host.

        HTTP/1.1 has exactly one (RFC 9112, 3.2): of two, a proxy in front may have read the other.

        llhttp has seen that a Content-Length is one number of at most 20 digits.
        """
        if self.size > HEAD_BYTES:
            raise too_long()
        if self.content_length > BODY_BYTES:
            raise too_large()
        if self.hosts > 1 or (version != "1.0" and not self.hosts):
            raise ProblemError(HTTPStatus.BAD_REQUEST, "The request has no Host, or two. Send it with one.")

    @property
    def content_length(self) -> int:
        """The body's length by its own word; 0 if there is none."""
        return max((int(value) for name, value in self.framing if name == b"content-length"), default=0)

    def framed_alike(self, *, keep_alive: bool) -> bytes:
        """Return a head whose body ends where this one's does, and that offers no other protocol."""
        lines = b"".join(b"%s: %s\r\n" % field for field in self.framing)
        if not keep_alive:
            lines += b"Connection: close\r\n"
        return b"POST / HTTP/1.1\r\n" + lines + b"\r\n"


def too_long() -> ProblemError:
    """Return the refusal of a head that is too long."""
    return ProblemError(
        HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE,
        f"The request's head is longer than {HEAD_BYTES} bytes. Send fewer or shorter header fields.",
    )
