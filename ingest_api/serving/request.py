"""A whole request, and the WSGI environment that it becomes."""

from dataclasses import dataclass
from io import BytesIO
from typing import Any, NamedTuple
from urllib.parse import unquote_to_bytes

from ingest_api.problems import ProblemError


class Request(NamedTuple):
    """A request that has come whole, chunks taken apart."""

    method: str
    target: bytes
    headers: dict[str, str]
    body: bytes
    keep_alive: bool

    def environ(self, server: dict[str, Any]) -> dict[str, Any]:
        """Return the WSGI environment; `server` is what all requests have in common."""
        path, _, query = self.target.partition(b"?")
        if not path.startswith(b"/"):  # http://host/path, or * (RFC 9112, 3.2)
            _, scheme, rest = path.partition(b"://")
            path = b"/" + rest.partition(b"/")[2] if scheme else path
        return {
            **server,
            **self.headers,
            "REQUEST_METHOD": self.method,
            "PATH_INFO": (unquote_to_bytes(path) if b"%" in path else path).decode("latin-1"),
            "QUERY_STRING": query.decode("latin-1"),
            "CONTENT_LENGTH": str(len(self.body)),
            "wsgi.input": BytesIO(self.body),
        }


@dataclass(frozen=True, slots=True)
class Refused:
    """What cannot be read as a request, or is too large: it is answered, and the connection ends."""

    problem: ProblemError
    head: bool
    """Whether it asked for a head alone."""
