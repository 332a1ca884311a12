"""A value in a table or a line that Rich prints."""

from rich.text import Text

from schemas.printable import printable


def cell(value: object, style: str = "") -> Text:
    """Return a value as text and nothing else: Rich's markup and emoji codes in it are shown as they are."""
    return Text(printable(value), style=style)
