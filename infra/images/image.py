"""An image as a folder: built by the steps of a Dockerfile, on this machine and its Python."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Final

from infra.images.dockerfile import DockerfileError, Stage, read

if TYPE_CHECKING:
    from collections.abc import Callable

    from infra.images.context import Context
    from infra.images.dockerfile import Step

BASE: Final = re.compile(r"python:3\.\d+-slim-[a-z]+")
"""The bases that this machine's Python can stand in for: any version that pyproject.toml allows."""

_SYSTEM_PATH: Final = "/usr/local/bin:/usr/bin:/bin"
_ABSOLUTE: Final = re.compile(r"""(?:^|[\s='"(])/(?!dev/null)""")
_OURS: Final = ("AWS_", "METRICS_", "PYTHON", "VIRTUAL_ENV")
"""Variables of this process that would lead a build, or what it has made, elsewhere."""


@dataclass(frozen=True)
class Image:
    """What was built: `root` is its `/`."""

    root: Path
    stage: Stage
    folder: str = "/"
    variables: dict[str, str] = field(default_factory=dict)

    @property
    def environment(self) -> dict[str, str]:
        """Our environment with the image's variables, whose paths lead into the folder."""
        kept = {name: value for name, value in os.environ.items() if not name.startswith(_OURS)}
        return kept | {name: self._moved(value) for name, value in self.variables.items()}

    def command(self, setting: str) -> list[str]:
        """Return ENTRYPOINT, CMD or HEALTHCHECK, the program looked for on the image's own PATH."""
        first, *rest = self.stage.settings[setting].command
        return [shutil.which(first, path=self.environment["PATH"]) or first, *rest]

    def path(self, inside: str) -> Path:
        """Return where a path of the image, absolute or from its working folder on, is on this machine."""
        return self.root / (Path(self.folder) / inside).relative_to("/")

    def _moved(self, value: str) -> str:
        parts = value.split(":")
        return ":".join(
            str(self.path(part)) if part.startswith("/") and self.path(part).exists() else part
            for part in parts
        )


def build(file: Path, context: Context, place: Path, report: Callable[[str], None] = lambda _: None) -> Image:
    """Run the steps of a Dockerfile in the empty folder `place`, and return its last stage.

    Each stage is built at the same place, `root`, and put away after it: programs remember where they were
    installed. Raises `DockerfileError` when a step fails or cannot be run in a folder.
    """
    done: dict[str | None, Image] = {}
    root = place / "root"
    *earlier, last = read(file)
    for stage in earlier:
        built = _Builder(stage, root, context, done, report).run()
        away = root.rename(place / str(stage.name))
        done[stage.name] = Image(away, stage, built.folder, built.variables)
    return _Builder(last, root, context, done, report).run()


@dataclass
class _Builder:
    stage: Stage
    root: Path
    context: Context
    earlier: dict[str | None, Image]
    report: Callable[[str], None]

    def run(self) -> Image:
        if BASE.fullmatch(self.stage.base) is None:
            raise DockerfileError(f"FROM {self.stage.base}: only {BASE.pattern} can be built on this machine")
        python = self.root / "usr/local/bin/python"
        python.parent.mkdir(parents=True)
        python.symlink_to(Path(sys.base_prefix) / "bin" / "python3")
        self.image = Image(self.root, self.stage, variables={"PATH": _SYSTEM_PATH})
        does = {"COPY": self._copy, "ENV": self._env, "RUN": self._run, "WORKDIR": self._workdir}
        for step in self.stage.steps:
            self.report(f"{step.name} {step.text}")
            does[step.name](step)
        return self.image

    def _env(self, step: Step) -> None:
        for word in step.words:
            name, _, value = word.partition("=")
            self.image.variables[name] = value.replace("$PATH", self.image.variables["PATH"])

    def _workdir(self, step: Step) -> None:
        self.image = Image(self.root, self.stage, step.text, self.image.variables)
        self.image.path(".").mkdir(parents=True, exist_ok=True)

    def _copy(self, step: Step) -> None:
        *sources, target = step.words
        if sources[0].startswith("--from="):
            origin = self.earlier[sources[0].removeprefix("--from=")]
            (source,) = sources[1:]
            shutil.copytree(origin.path(source), self.image.path(target), symlinks=True)
            return
        for source in sources:
            self.context.copy(source, self.image.path(target))

    def _run(self, step: Step) -> None:
        if _ABSOLUTE.search(step.text):
            raise DockerfileError(
                f"RUN {step.text}: use paths relative to WORKDIR: an absolute one would leave the folder"
            )
        ended = subprocess.run(  # noqa: S603 - the project's own steps
            ["/bin/sh", "-c", step.text],
            cwd=self.image.path("."),
            env=self.image.environment,
            capture_output=True,
            text=True,
            check=False,
        )
        if ended.returncode:
            raise DockerfileError(f"RUN {step.text}: status {ended.returncode}\n{ended.stdout}{ended.stderr}")
