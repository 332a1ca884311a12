"""A real edge: the command as a process, its port, and a client that tells what was answered when."""

import http.client
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson

COMMAND = [sys.executable, "-m", "ingest_api"]
PUBLISH_SECONDS = 3.0


@dataclass(frozen=True)
class Answer:
    """One response, and how long it took."""

    status: int
    headers: dict[str, str]
    body: bytes
    seconds: float

    @property
    def document(self) -> Any:  # noqa: ANN401 - whatever JSON it is
        return orjson.loads(self.body)


@dataclass(frozen=True)
class Edge:
    """A running edge."""

    process: subprocess.Popen[bytes]
    port: int
    log_path: Path

    @property
    def log(self) -> list[dict[str, Any]]:
        """Every line of the log so far; each must be JSON."""
        return [orjson.loads(line) for line in self.log_path.read_bytes().splitlines()]

    def ask(
        self,
        method: str,
        path: str,
        body: bytes | Iterator[bytes] | None = None,
        headers: dict[str, str] | None = None,
    ) -> Answer:
        """Make one request on a connection of its own."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        try:
            return exchange(connection, method, path, body, headers)
        finally:
            connection.close()

    def post(self, body: bytes) -> Answer:
        """Hand in a report."""
        return self.ask("POST", "/v1/metrics", body, {"Content-Type": "application/json"})

    def post_all(self, bodies: list[bytes]) -> list[Answer]:
        """Hand in reports at the same time."""
        with ThreadPoolExecutor(len(bodies)) as pool:
            return list(pool.map(self.post, bodies))

    def stop(self, number: signal.Signals = signal.SIGTERM) -> int:
        """Send the command's process a signal and return its exit status."""
        self.process.send_signal(number)
        return self.process.wait(60)


def exchange(
    connection: http.client.HTTPConnection,
    method: str,
    path: str,
    body: bytes | Iterator[bytes] | None = None,
    headers: dict[str, str] | None = None,
) -> Answer:
    """Make one request on an open connection."""
    begun = time.monotonic()
    connection.request(method, path, body, headers or {}, encode_chunked=not isinstance(body, bytes | None))
    response = connection.getresponse()
    content = response.read()
    found = {name.lower(): value for name, value in response.getheaders()}
    return Answer(response.status, found, content, time.monotonic() - begun)


@contextmanager
def free_port() -> Iterator[int]:
    """Keep a port for the edge: bound, so that nobody else gets it, but not listened on."""
    with socket.socket() as keeper:
        keeper.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        keeper.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        keeper.bind(("127.0.0.1", 0))
        yield keeper.getsockname()[1]


def environment(port: int, kinesis_port: int, **more: str) -> dict[str, str]:
    """Return an environment in which the command runs, and nothing of the caller's AWS."""
    ours = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "METRICS_"))}
    return ours | {
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_REGION": "eu-central-1",
        "AWS_ENDPOINT_URL": f"http://127.0.0.1:{kinesis_port}",
        "METRICS_PORT": str(port),
        "METRICS_PUBLISH_SECONDS": str(PUBLISH_SECONDS),
        **more,
    }


@contextmanager
def running(kinesis_port: int, folder: Path, *, stderr: int | None = None, **more: str) -> Iterator[Edge]:
    """Run an edge that is ready for requests; its log is a file in `folder` unless there is a `stderr`."""
    log_path = folder / "edge.log"
    with free_port() as port, log_path.open("wb") as log:
        process = subprocess.Popen(
            COMMAND,
            env=environment(port, kinesis_port, **more),
            stderr=log if stderr is None else stderr,
            start_new_session=True,
        )
        edge = Edge(process, port, log_path)
        try:
            _await(edge)
            yield edge
        finally:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
            process.wait(60)


def _await(edge: Edge) -> None:
    give_up = time.monotonic() + 60
    while time.monotonic() < give_up:
        if edge.process.poll() is not None:
            break
        try:
            if edge.ask("GET", "/healthz").status == 200:
                return
        except OSError:
            time.sleep(0.03)
    raise AssertionError(edge.log_path.read_text())
