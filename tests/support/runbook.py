"""The runbook as tests read it: its sections, the commands in them, and what they are said to print."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final

FILE: Final = "infra/runbook.md"

PARTS: Final = ("Means", "Look", "Do", "Afterwards")

ROOT: Final = Path(__file__).parents[2]

_TEXT: Final = (ROOT / FILE).read_text(encoding="utf-8")
_PART: Final = re.compile(rf"^\*\*({'|'.join(PARTS)})\.\*\* ", re.MULTILINE)
_BLOCK: Final = re.compile(r"^```(sh|sql|)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


@dataclass(frozen=True, slots=True)
class Step:
    """A command, or a query, and what it prints: one text for each cause that is told apart."""

    command: str
    language: str
    prints: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Page:
    """What to do about an alarm."""

    name: str
    parts: dict[str, str]

    def steps(self, part: str) -> tuple[Step, ...]:
        return _steps(self.parts.get(part, ""))


@cache
def pages() -> dict[str, Page]:
    """Return the page of each alarm, in order."""
    _, *sections = re.split(r"^## ", _TEXT, flags=re.MULTILINE)
    found = {}
    for section in sections:
        name, _, text = section.partition("\n")
        _, *parts = _PART.split(text)
        found[name] = Page(name, dict(zip(parts[::2], parts[1::2], strict=True)))
    return found


@cache
def preface() -> tuple[str, str]:
    """Return the script that prepares a shell for a deployment in AWS, and that for one machine."""
    in_aws, here = _steps(_TEXT.partition("\n## ")[0])
    return in_aws.command, here.command


def matches(told: str, printed: str) -> bool:
    """Say whether something printed is as told; the width of gaps does not count."""
    if told.strip() == "(nothing)":
        return not printed.strip()
    return re.fullmatch("".join(map(_pattern, told.splitlines())), _spaced(printed)) is not None


def _pattern(line: str) -> str:
    line = " ".join(line.split())
    if line == "…":
        return r"(?:.*\n)*?"
    return ".*?".join(map(re.escape, line.split("…"))) + r"\n"


def _spaced(text: str) -> str:
    return "".join(" ".join(line.split()) + "\n" for line in text.splitlines() if line.strip())


def _steps(text: str) -> tuple[Step, ...]:
    found: list[Step] = []
    for language, body in _BLOCK.findall(text):
        if language:
            found.append(Step(body, language, ()))
        else:
            last = found[-1]
            found[-1] = Step(last.command, last.language, (*last.prints, body))
    return tuple(found)
