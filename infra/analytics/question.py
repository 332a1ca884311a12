"""A question: SQL as Athena runs it, with a header that says what it answers."""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping


class HeaderError(ValueError):
    """A question's file does not begin with a complete header; the text says what is missing."""


@dataclass(frozen=True, slots=True)
class Question:
    """A question: in one line (`title`), how it is counted (`text`), what each column means, and its SQL.

    `sql` is the whole file, in Athena's dialect (Trino), header included.
    """

    name: str
    title: str
    text: str
    columns: Mapping[str, str]
    sql: str

    @classmethod
    def parse(cls, name: str, sql: str) -> Question:
        """Read a file: the title, a text, and `column: meaning` lines, in paragraphs of comment lines.

        Raises `HeaderError` where one of the three is missing.
        """
        lines = sql.splitlines()
        ends = next((number for number, line in enumerate(lines) if not line.startswith("--")), len(lines))
        header = "\n".join(line.removeprefix("--").removeprefix(" ") for line in lines[:ends])
        parts = header.split("\n\n")
        if len(parts) != len(("title", "text", "columns")):
            raise HeaderError(
                f"{name}: the header must have a title, a text and the columns, each followed by a line `--`"
            )
        title, text, described = parts
        pairs = [line.partition(": ") for line in described.splitlines()]
        if not all(meaning for _, _, meaning in pairs):
            raise HeaderError(f"{name}: each line of the header's last part must be `column: meaning`")
        columns = {column: meaning for column, _, meaning in pairs}
        return cls(name, title, " ".join(text.split()), MappingProxyType(columns), sql)
