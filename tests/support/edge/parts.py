"""The application with a stream in memory, and what its tests send and expect."""

from dataclasses import dataclass, field
from typing import Any

from ingest_api import app
from ingest_api.drain import Drain
from ingest_api.publisher import Publisher
from ingest_api.readiness import Readiness
from ingest_api.stream import CallFailedError, MemoryStream
from schemas.report import COUNTERS
from tests.support.edge.client import Client, Result

GOOD = b'{"version":"0.0.1","stack_id":"3D9c49ce-8367-43ec-8884-568c8d43faec","metrics":{%s}}' % b",".join(
    b'"%s":1' % name.encode() for name in COUNTERS
)
MARK = b"undisclosed"


@dataclass
class Parts:
    """An application with its stream, and what is to be told apart."""

    stream: MemoryStream = field(default_factory=MemoryStream)
    drain: Drain = field(default_factory=Drain)

    def __post_init__(self) -> None:
        # A stream that takes reports has time to, on a busy machine too; the others' 503 need not wait.
        self.publisher = Publisher(self.stream, seconds=10 if self.stream.answer is None else 0.2)
        self.edge = app.create(self.publisher, Readiness(self.stream, self.publisher), self.drain)
        self.client = Client(self.edge)

    def get(self, path: str) -> Result:
        return self.client.ask("GET", path)

    def post(self, data: bytes, path: str = "/v1/metrics", **headers: str) -> Result:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return self.client.ask("POST", path, data, named)

    def call(self, stream: object, path: str = "/v1/metrics", **environ: str) -> Result:
        return self.client.call(stream, path, environ)


def assert_problem(result: Result, status: int) -> None:
    assert result.status == status
    assert result.headers["content-type"] == "application/problem+json"
    assert set(result.document) == {"type", "title", "status", "detail"}
    assert result.document["type"] == "about:blank"
    assert result.document["status"] == status
    assert len(result.document["detail"]) > 10
    assert MARK not in result.content


def down(_entries: object) -> Any:  # noqa: ANN401 - it never returns
    raise CallFailedError("Down")


def broken(_entries: object) -> Any:  # noqa: ANN401 - the same
    raise AssertionError(MARK.decode())


class Broken:
    """A body that cannot be read."""

    def read(self, _size: int) -> bytes:
        raise RuntimeError(MARK.decode())
