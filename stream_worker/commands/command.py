"""What every command of the worker does: read its settings, hear signals, end with the right status."""

from __future__ import annotations

import os
import signal
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING

import click

from schemas.environment import SettingsError, read
from stream_worker.process.host import FailedError, last_words
from stream_worker.process.settings import WorkerSettings
from stream_worker.process.stop import Stop

if TYPE_CHECKING:
    from collections.abc import Iterator


def settings_or_usage() -> WorkerSettings:
    """Return the settings; raise click's usage error for an environment that cannot be used."""
    try:
        return read(WorkerSettings, os.environ)
    except SettingsError as error:
        raise click.UsageError(str(error)) from error


@contextmanager
def reported() -> Iterator[None]:
    """End the process with status 1 for what goes wrong inside, after it was logged."""
    try:
        with last_words():
            yield
    except FailedError:
        sys.exit(1)


def stop_on_signals() -> Stop:
    """Return what SIGTERM and Ctrl-C set."""
    stop = Stop()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    return stop
