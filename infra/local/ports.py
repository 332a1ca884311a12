"""A port for a server that is about to start, reserved until it has."""

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

LOOPBACK: Final = "127.0.0.1"


class PortTakenError(Exception):
    """A process listens on the port; the text says what to do."""


def refuse_taken(port: int) -> None:
    """Raise `PortTakenError` if a process listens there: Granian would share the port without a word."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        if probe.connect_ex((LOOPBACK, port)) == 0:
            raise PortTakenError(
                f"port {port} is in use; stop what listens there or choose another with --port"
            )


@contextmanager
def reserve(share: int = socket.SO_REUSEPORT) -> Iterator[int]:
    """Give a free loopback port that only Granian can bind until the context ends.

    Granian binds with SO_REUSEPORT and does not report which port it took when it is given 0. So a socket is
    bound here with SO_REUSEPORT too, and never listens: the kernel hands the port to no other program, and
    connections go to the server alone. Hold the context while the server runs, and it can be restarted there.
    `share` is for a server that binds with another option (Node.js with SO_REUSEADDR).
    """
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as holder:
        holder.setsockopt(socket.SOL_SOCKET, share, 1)
        holder.bind((LOOPBACK, 0))
        port: int = holder.getsockname()[1]
        yield port
