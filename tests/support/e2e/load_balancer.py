"""A load balancer as the stacks have one, on this machine: targets, health checks, draining."""

from __future__ import annotations

import http.client
import threading
import time
from collections import Counter
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Final

from infra.local.ports import LOOPBACK
from infra.local.process import answers

if TYPE_CHECKING:
    from collections.abc import Iterator

_SECONDS: Final = 30


@dataclass
class LoadBalancer:
    """Sends each request to a healthy target in turn; answers 502 or 503, as an ALB does, when it cannot."""

    health_path: str
    _targets: list[str] = field(default_factory=list)
    _open: Counter[str] = field(default_factory=Counter)
    _turn: int = 0
    _lock: threading.Condition = field(default_factory=threading.Condition)

    def register(self, target: str, healthy: int) -> None:
        """Take in a target, `host:port`, once it has passed `healthy` checks one after the other."""
        passed, deadline = 0, time.monotonic() + _SECONDS
        while passed < healthy:
            assert time.monotonic() < deadline, f"{target} is never healthy"
            passed = passed + 1 if answers(f"http://{target}{self.health_path}") else 0
        with self._lock:
            self._targets.append(target)

    def drain(self, target: str, delay: float) -> None:
        """Send a target nothing new, and return when it has answered all, or after `delay` seconds."""
        with self._lock:
            self._targets.remove(target)
            self._lock.wait_for(lambda: not self._open[target], delay)

    def forward(self, body: bytes) -> tuple[int, bytes]:
        """Post a body to a target's `/v1/metrics`; return the status and the body of the answer."""
        with self._lock:
            if not self._targets:
                return 503, b"no target"
            self._turn += 1
            target = self._targets[self._turn % len(self._targets)]
            self._open[target] += 1
        try:
            connection = http.client.HTTPConnection(target, timeout=_SECONDS)
            connection.request("POST", "/v1/metrics", body, {"Content-Type": "application/json"})
            answer = connection.getresponse()
            return answer.status, answer.read()
        except OSError:
            return 502, b"no answer"
        finally:
            connection.close()
            with self._lock:
                self._open[target] -= 1
                self._lock.notify_all()

    @contextmanager
    def serving(self) -> Iterator[str]:
        """Serve on a free port; give `host:port`."""

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            balancer = self

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                status, answer = self.balancer.forward(body)
                self.send_response(status)
                self.send_header("Content-Length", str(len(answer)))
                self.end_headers()
                self.wfile.write(answer)

            def log_message(self, *_: object) -> None:
                pass

        with ThreadingHTTPServer((LOOPBACK, 0), Handler) as server:
            server.daemon_threads = True
            thread = threading.Thread(target=server.serve_forever)
            thread.start()
            try:
                yield f"{LOOPBACK}:{server.server_port}"
            finally:
                server.shutdown()
                thread.join()
