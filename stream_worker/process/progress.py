"""Shows the progress of long work: a bar for people, a log line every half minute for machines."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Final

import click
import structlog

Move = Callable[[int], None]
"""Takes the number of units done since the last call."""

Progress = Callable[[str, int], AbstractContextManager[Move]]
"""Takes what is counted, and the expected total."""

_LINE_SECONDS: Final = 30.0

log = structlog.get_logger("progress")


@contextmanager
def shown(what: str, total: int) -> Iterator[Move]:
    """Show a bar on a terminal's stderr; elsewhere log a line every half minute."""
    if not sys.stderr.isatty():
        yield _Lines(what, total).move
        return
    with click.progressbar(length=total, label=f"{what:>18}", file=sys.stderr, show_pos=True) as bar:
        yield bar.update


@contextmanager
def silent(_what: str, _total: int) -> Iterator[Move]:
    """Show nothing."""
    yield lambda _: None


class _Lines:
    def __init__(self, what: str, total: int) -> None:
        self._what = what
        self._total = total
        self._done = 0
        self._next = time.monotonic() + _LINE_SECONDS

    def move(self, more: int) -> None:
        self._done += more
        if time.monotonic() >= self._next:
            self._next = time.monotonic() + _LINE_SECONDS
            log.info("progress", what=self._what, done=self._done, total=self._total)
