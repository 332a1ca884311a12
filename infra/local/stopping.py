"""What Ctrl-C and SIGTERM do to a command of this machine: it ends in good order."""

from __future__ import annotations

import signal
from contextlib import contextmanager
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from collections.abc import Iterator


@contextmanager
def until_stopped() -> Iterator[None]:
    """Let SIGTERM do what Ctrl-C does, and both end with status 0 when every process is stopped."""
    for number in (signal.SIGTERM, signal.SIGINT):  # a shell starts background jobs with SIGINT ignored
        signal.signal(number, signal.default_int_handler)
    try:
        yield
    except KeyboardInterrupt:
        click.echo("stopped", err=True)
