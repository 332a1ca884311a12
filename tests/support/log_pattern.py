"""A filter pattern of CloudWatch Logs, held to lines: the part of its language that the stacks use."""

from __future__ import annotations

import json
import math
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Iterable

_SELECTOR: Final = re.compile(r"\$((?:\.\w+)+)")
_PYTHON: Final = {"&&": " and ", "||": " or ", " = ": " == "}


@dataclass(frozen=True, slots=True)
class LogPattern:
    """`{ ($.event = "x") && (($.codes.A > 0) || ($.codes.B > 0)) }`, as a template has it."""

    text: str

    def count(self, lines: Iterable[str]) -> int:
        """Return how many lines match; a line that is not a JSON object does not."""
        expression = self._expression()
        return sum(_matches(expression, line) for line in lines)

    def _expression(self) -> str:
        """Return the pattern in Python: what these patterns hold differs in few words."""
        inside = self.text.strip().removeprefix("{").removesuffix("}").strip()
        for theirs, ours in _PYTHON.items():
            inside = inside.replace(theirs, ours)
        return _SELECTOR.sub(lambda found: f"at('{found[1][1:]}')", inside)


def _matches(expression: str, line: str) -> bool:
    try:
        document = json.loads(line)
    except ValueError:
        return False
    if not isinstance(document, dict):
        return False
    # The pattern is our own template's.
    return bool(eval(expression, {"at": lambda path: _at(document, path)}))  # noqa: S307 - as above


def _at(document: Any, path: str) -> Any:  # noqa: ANN401 - any JSON
    """Return the value at a path; where there is none, a value that no comparison is true of."""
    for name in path.split("."):
        if not isinstance(document, dict) or name not in document:
            return math.nan
        document = document[name]
    return document
