"""A built image as an engine would run it: its own environment, a user who may write nowhere but in /tmp."""

from __future__ import annotations

import os
import subprocess
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Final

from infra.local.ports import reserve
from infra.local.process import Process

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from infra.images.image import Image

SECONDS: Final = 60


@dataclass(frozen=True)
class Container:
    """An image, the variables that its task definition sets, and what is mounted at /tmp."""

    image: Image
    variables: dict[str, str]
    temporary: str

    @property
    def environment(self) -> dict[str, str]:
        """What the process finds: nothing of the machine that the tests run on."""
        mounted = {"HOME": self.temporary, "TMPDIR": self.temporary}
        kept = {name: value for name, value in self.image.environment.items() if name in self.image.variables}
        return kept | mounted | self.variables

    def start(self, log: Path, *arguments: str) -> Process:
        """Start the ENTRYPOINT."""
        command = self._as_user([*self.image.command("ENTRYPOINT"), *arguments])
        return Process("container", command, log=log, environment=self.environment)

    def run(self, command: Sequence[str]) -> subprocess.CompletedProcess[str]:
        """Run a command inside, to its end."""
        return subprocess.run(
            self._as_user(command),
            env=self.environment,
            cwd=self.image.path("."),
            capture_output=True,
            text=True,
            timeout=SECONDS,
            check=False,
        )

    def python(self, code: str) -> subprocess.CompletedProcess[str]:
        """Run a line in the image's Python."""
        return self.run([str(self.image.path("/app/venv/bin/python")), "-P", "-c", code])

    @contextmanager
    def port(self) -> Iterator[int]:
        """Give a free port, kept by the image's user: the kernel shares a port within one user alone."""
        with ExitStack() as held:
            us = os.geteuid()
            if us == 0:
                os.seteuid(self._user)
            try:
                port = held.enter_context(reserve())
            finally:
                os.seteuid(us)
            yield port

    @property
    def _user(self) -> int:
        return int(self.image.stage.settings["USER"].text.split(":")[0])

    def _as_user(self, command: Sequence[str]) -> list[str]:
        """Return the command as the image's USER runs it, if we may change users; if not, it is ours.

        It may pass through the folders in which this machine keeps its Python.
        """
        if os.geteuid() != 0:
            return list(command)
        who = [f"--reuid={self._user}", f"--regid={self._user}", "--clear-groups"]
        passes = ["--inh-caps=+dac_read_search", "--ambient-caps=+dac_read_search"]
        return ["/usr/bin/setpriv", *who, *passes, "--", *command]


@contextmanager
def contained(image: Image, **variables: str) -> Iterator[Container]:
    """Give an image with a /tmp of its own, as on ECS."""
    with TemporaryDirectory(prefix="image-") as temporary:
        os.chmod(temporary, 0o777)  # noqa: S103, PTH101 - as /tmp is
        yield Container(image, variables, temporary)
