"""A small S3 over HTTP that keeps its promises and breaks when told to: conflicts, outages, lost answers."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import TYPE_CHECKING, ClassVar

if TYPE_CHECKING:
    from collections.abc import Iterator


@dataclass(slots=True)
class S3Stub:
    """What it holds, and its next faults.

    A fault is a status to answer with, and a code of S3's perhaps ("403 AccessDenied"); "lose answer"; or ""
    for none.
    """

    faults: list[str] = field(default_factory=list)
    objects: dict[str, tuple[bytes, dict[str, str]]] = field(default_factory=dict)
    requests: list[str] = field(default_factory=list)

    @contextmanager
    def serve(self) -> Iterator[str]:
        """Serve on a free loopback port; give its URL."""
        handler = type("Handler", (_Handler,), {"stub": self})
        with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
            thread = Thread(target=server.serve_forever, daemon=True)
            thread.start()
            yield f"http://127.0.0.1:{server.server_port}"
            server.shutdown()


class _Handler(BaseHTTPRequestHandler):
    stub: ClassVar[S3Stub]
    protocol_version = "HTTP/1.1"

    def do_PUT(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        fault = self._fault()
        if self._refused(fault):
            return
        status = 412 if self.path in self.stub.objects and self.headers["If-None-Match"] == "*" else 200
        if status == 200:
            prefix = "x-amz-meta-"
            metadata = {name: text for name, text in self.headers.items() if name.lower().startswith(prefix)}
            self.stub.objects[self.path] = (body, metadata)
        if fault == "lose answer":
            self.close_connection = True
        else:
            self._answer(status)

    def do_HEAD(self) -> None:
        if not self._refused(self._fault()):
            self._answer(200, self.stub.objects[self.path][1])

    def do_GET(self) -> None:
        if self._refused(self._fault()):
            return
        if "?" in self.path:
            self._answer(200, body=b"<ListBucketResult/>")
        elif self.path in self.stub.objects:
            body, metadata = self.stub.objects[self.path]
            self._answer(200, metadata, body)
        else:
            self._answer(404, body=b"<Error><Code>NoSuchKey</Code></Error>")

    def _fault(self) -> str:
        self.stub.requests.append(self.command)
        return self.stub.faults.pop(0) if self.stub.faults else ""

    def _refused(self, fault: str) -> bool:
        status, _, code = fault.partition(" ")
        if not status.isdigit():
            return False
        has_body = code and self.command != "HEAD"
        self._answer(int(status), body=f"<Error><Code>{code}</Code></Error>".encode() if has_body else b"")
        return True

    def _answer(self, status: int, headers: dict[str, str] | None = None, body: bytes = b"") -> None:
        self.send_response(status)
        for name, text in (headers or {}).items():
            self.send_header(name, text)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class's name
        """Say nothing."""
