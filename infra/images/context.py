"""What a build may copy: the repository without what .dockerignore keeps out."""

from __future__ import annotations

import re
import shutil
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from infra.images.dockerfile import DockerfileError

if TYPE_CHECKING:
    from pathlib import Path


@dataclass(frozen=True)
class Context:
    """A folder with a .dockerignore, of whose patterns the last that fits a path, or a parent, decides."""

    folder: Path

    def has(self, path: str) -> bool:
        """Say whether a path, relative to the folder, goes to the build."""
        parts = path.split("/")
        inside = True
        for taken, pattern in self._patterns:
            if any(pattern.fullmatch("/".join(parts[: end + 1])) for end in range(len(parts))):
                inside = taken
        return inside

    def copy(self, source: str, target: Path) -> None:
        """Copy a file, a folder's content or what a pattern fits, as COPY does; raise if that is nothing."""
        found = [file for file in self._files(source) if self.has(self._name(file))]
        if not found:
            raise DockerfileError(f"COPY {source}: no such file in the context; see .dockerignore")
        inside = self.folder / source
        for file in found:
            place = target / file.relative_to(inside) if inside.is_dir() else target / file.name
            place.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(file, place)

    def _files(self, source: str) -> list[Path]:
        inside = self.folder / source
        found = inside.rglob("*") if inside.is_dir() else self.folder.glob(source)
        return sorted(path for path in found if path.is_file())

    def _name(self, path: Path) -> str:
        return path.relative_to(self.folder).as_posix()

    @cached_property
    def _patterns(self) -> list[tuple[bool, re.Pattern[str]]]:
        lines = (self.folder / ".dockerignore").read_text(encoding="utf-8").splitlines()
        kept = [line for line in lines if line.strip() and not line.startswith("#")]
        return [(line.startswith("!"), _pattern(line.removeprefix("!"))) for line in kept]


def _pattern(line: str) -> re.Pattern[str]:
    """Return a pattern of .dockerignore, with `*` within a name and `**/` across folders."""
    parts = re.split(r"(\*\*/|\*)", line)
    meant = {"**/": "(?:.*/)?", "*": "[^/]*"}
    return re.compile("".join(meant.get(part, re.escape(part)) for part in parts))
