"""A web server that answers as a test has written down, and keeps what it was asked."""

from __future__ import annotations

import threading
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING

import orjson

from infra.local.ports import LOOPBACK
from tests.support.reporter.tls import server_side

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@dataclass(frozen=True)
class Reply:
    """An answer; without a status the connection breaks, and `hangs` lets the client wait for it."""

    status: int | None = 202
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)
    hangs: bool = False


@dataclass(frozen=True)
class Asked:
    method: str
    path: str
    headers: dict[str, str]
    body: bytes


@dataclass
class Server:
    """Gives its replies in turn, the last one for ever."""

    url: str
    replies: list[Reply] = field(default_factory=lambda: [Reply()])
    asked: list[Asked] = field(default_factory=list)
    released: threading.Event = field(default_factory=threading.Event)

    def next(self) -> Reply:
        return self.replies.pop(0) if len(self.replies) > 1 else self.replies[0]


def problem(status: int, title: str, detail: str, **headers: str) -> Reply:
    body = orjson.dumps({"type": "about:blank", "title": title, "status": status, "detail": detail})
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Reply(status, body, {"Content-Type": "application/problem+json", **named})


@contextmanager
def serve(certificate: Path | None = None) -> Iterator[Server]:
    """Serve on a loopback port of the system's choice until the context ends; over TLS with a certificate."""
    with ThreadingHTTPServer((LOOPBACK, 0), _Handler) as listening:
        scheme = "http"
        if certificate:
            scheme = "https"
            listening.socket = server_side(certificate).wrap_socket(listening.socket, server_side=True)
        server = Server(f"{scheme}://{LOOPBACK}:{listening.server_port}/v1/metrics")
        listening.daemon_threads = True
        listening.script = server  # type: ignore[attr-defined]
        thread = threading.Thread(target=listening.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield server
        finally:
            server.released.set()
            listening.shutdown()
            thread.join()


class _Handler(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        script: Server = self.server.script  # type: ignore[attr-defined]
        body = self.rfile.read(int(self.headers["Content-Length"]))
        script.asked.append(Asked(self.command, self.path, dict(self.headers), body))
        reply = script.next()
        if reply.hangs:
            script.released.wait(30)
            reply = Reply(None)
        if reply.status is None:
            self.close_connection = True
            return
        self.send_response(reply.status)
        for name, value in reply.headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(reply.body)))
        self.end_headers()
        self.wfile.write(reply.body)

    def do_PUT(self) -> None:
        self.do_POST()

    def log_message(self, *_: object) -> None:
        """Keep still."""
