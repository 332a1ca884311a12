"""The edge's server and an application that fails: one connection pays for it, and no other."""

import socket
import subprocess
import sys
from collections.abc import Iterator

import pytest

from tests.support.edge import broken_application


@pytest.fixture
def port() -> Iterator[int]:
    command = [sys.executable, "-m", broken_application.__name__]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as process:
        assert process.stdout is not None
        try:
            yield int(process.stdout.readline())
        finally:
            process.kill()


def ask(port: int, path: bytes) -> bytes:
    """Return all that comes until the connection ends."""
    with socket.create_connection(("127.0.0.1", port), timeout=60) as connection:
        connection.sendall(b"GET %b HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n" % path)
        return connection.makefile("rb").read()


@pytest.mark.parametrize("path", [b"/late", b"/woken", b"/now"])
def test_a_fault_of_the_application_ends_one_connection_and_no_deadline_of_others(
    port: int, path: bytes
) -> None:
    for _ in range(3):
        assert ask(port, path) == b""
    assert ask(port, b"/").endswith(b'"well"')
