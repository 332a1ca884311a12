"""Shows how far long work has come."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager

import click

Move = Callable[[int], None]
"""Told how many more are done."""

Progress = Callable[[str, int], AbstractContextManager[Move]]
"""Told what is counted, and how many there will be."""


@contextmanager
def bar(what: str, total: int) -> Iterator[Move]:
    """Show a bar on a terminal's stderr, and nothing elsewhere."""
    with click.progressbar(length=total, label=f"{what:>18}", file=sys.stderr, show_pos=True) as shown:
        yield shown.update


@contextmanager
def silent(_what: str, _total: int) -> Iterator[Move]:
    """Show nothing."""
    yield lambda _: None
