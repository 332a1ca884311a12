"""Commands of the project in surroundings that are not a developer's."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_UNWRITABLE = (
    "import os, resource, sys; resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0)); "
    "os.execv(sys.argv[1], sys.argv[1:])"
)
"""No byte can be written to any file, whoever the user is: as with a read-only or a full disk."""


def unwritable(
    command: Sequence[str], environment: Mapping[str, str], seconds: float = 60
) -> subprocess.CompletedProcess[str]:
    """Run a command that can write to pipes and to no file."""
    return subprocess.run(
        [sys.executable, "-c", _UNWRITABLE, *command],
        env=environment,
        capture_output=True,
        text=True,
        timeout=seconds,
        check=False,
    )
