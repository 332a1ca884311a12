"""What the worker's commands share: reading settings, stopping on signals, exiting with the right status."""

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
    """Return the settings; raise click's usage error if the environment is wrong."""
    try:
        return read(WorkerSettings, os.environ)
    except SettingsError as error:
        raise click.UsageError(str(error)) from error


@contextmanager
def reported() -> Iterator[None]:
    """Exit with status 1 after an error inside, which was logged."""
    try:
        with last_words():
            yield
    except FailedError:
        sys.exit(1)


def stop_on_signals() -> Stop:
    """Return a stop that SIGTERM and Ctrl-C set."""
    stop = Stop()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    return stop
