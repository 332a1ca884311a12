"""What a command prints for people: values as text alone, in whatever encoding the terminal has."""

from __future__ import annotations

import io
import sys

import click

from schemas.printable import printable


def say(line: object = "") -> None:
    """Print one line; what a value in it holds of control characters and line breaks is shown, not obeyed."""
    click.echo(printable(line))


def any_encoding() -> None:
    """Let what stdout and stderr cannot encode be shown as its escape; it would be an error in the middle."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
