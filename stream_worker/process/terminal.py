"""What a command prints for people: values as plain text, in the terminal's encoding."""

from __future__ import annotations

import io
import sys

import click

from schemas.printable import printable


def say(line: object = "") -> None:
    """Print one line; control characters and line breaks inside values are shown as escapes."""
    click.echo(printable(line))


def any_encoding() -> None:
    """Show what stdout and stderr cannot encode as escapes, instead of failing half-way."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
