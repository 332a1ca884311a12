"""The questions: SQL files as Athena runs them, each with a header that says what it answers."""

from __future__ import annotations

from dataclasses import dataclass
from importlib.resources import files
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

_NAMES: Final = (
    "active_deployments",
    "growth",
    "retention",
    "version_adoption",
    "time_to_half",
    "feature_use",
    "failure_rates",
    "rejects_by_rule",
    "freshness",
)


class HeaderError(ValueError):
    """A question's file does not begin with the header that is wanted."""


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
            raise HeaderError(f"{name}: its header wants a title, a text and columns, with -- between them")
        title, text, described = parts
        pairs = [line.partition(": ") for line in described.splitlines()]
        if not all(meaning for _, _, meaning in pairs):
            raise HeaderError(f"{name}: the header's last part wants lines of `column: meaning`")
        columns = {column: meaning for column, _, meaning in pairs}
        return cls(name, title, " ".join(text.split()), MappingProxyType(columns), sql)


def _read(name: str) -> Question:
    text = files("infra.analytics").joinpath("queries", f"{name}.sql").read_text(encoding="utf-8")
    return Question.parse(name, text)


QUESTIONS: Final[Mapping[str, Question]] = MappingProxyType({name: _read(name) for name in _NAMES})
"""Every question by name, in the order of the report page."""
