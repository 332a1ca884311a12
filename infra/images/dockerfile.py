"""A Dockerfile as its stages: the instructions that this project's two use are known, all others refused.

Not dockerfile-parse: it refuses nothing (stream_worker/decisions/0009-parts-of-our-own.md).
"""

from __future__ import annotations

import json
import re
import shlex
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from pathlib import Path

STEPS: Final = frozenset({"COPY", "ENV", "RUN", "WORKDIR"})
"""What makes the image's files, in order."""

_SETTINGS: Final = frozenset(
    {"CMD", "ENTRYPOINT", "EXPOSE", "HEALTHCHECK", "LABEL", "STOPSIGNAL", "USER", "VOLUME"}
)
"""What an image says of itself, once."""

_FROM: Final = re.compile(r"(?P<base>[^\s]+)(?:\s+AS\s+(?P<name>[a-z]+))?")
_COMMAND: Final = re.compile(r".*?(?:CMD\s+)?(?P<words>\[.*\])")


class DockerfileError(Exception):
    """It cannot be read, or run in a folder; the text says what and where."""


@dataclass(frozen=True, slots=True)
class Step:
    """One instruction with all that follows it, its lines joined."""

    name: str
    text: str

    @property
    def words(self) -> list[str]:
        """The text as a shell splits it."""
        return shlex.split(self.text)

    @property
    def command(self) -> list[str]:
        """The command in exec form, which alone hands on signals; raise `DockerfileError` for another."""
        found = _COMMAND.fullmatch(self.text)
        if found is None:
            raise DockerfileError(f'{self.name} {self.text}: write it as ["word", "word"]')
        words: list[str] = json.loads(found["words"])
        return words


@dataclass(frozen=True, slots=True)
class Stage:
    """One FROM and what follows it."""

    base: str
    name: str | None
    steps: list[Step] = field(default_factory=list)
    settings: dict[str, Step] = field(default_factory=dict)


def read(file: Path) -> list[Stage]:
    """Return the stages of a Dockerfile; raise `DockerfileError` for what is not known here."""
    stages: list[Stage] = []
    for line in _lines(file.read_text(encoding="utf-8")):
        name, _, text = line.partition(" ")
        step = Step(name, text.strip())
        if name == "FROM":
            stages.append(_stage(step))
        elif not stages:
            raise DockerfileError(f"{file}: {line}: the first instruction is FROM")
        elif name in STEPS and not stages[-1].settings.keys() & {"USER"}:
            stages[-1].steps.append(step)
        elif name in _SETTINGS and name not in stages[-1].settings:
            stages[-1].settings[name] = step
        else:
            raise DockerfileError(f"{file}: {line}: unknown instruction, given twice, or a step after USER")
    return stages


def _stage(step: Step) -> Stage:
    found = _FROM.fullmatch(step.text)
    if found is None:
        raise DockerfileError(f"FROM {step.text}: give an image, and `AS name` for a stage")
    return Stage(found["base"], found["name"])


def _lines(text: str) -> list[str]:
    """Return the instructions, each on one line, without comments."""
    kept = [line for line in text.splitlines() if not line.lstrip().startswith("#")]
    joined = re.sub(r"\\\n\s*", " ", "\n".join(kept))
    return [re.sub(r" {2,}", " ", line) for line in joined.splitlines() if line.strip()]
