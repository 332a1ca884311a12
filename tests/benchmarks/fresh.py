"""Fresh processes: what one of them measured does not warm or burden the next."""

import json
import subprocess
import sys
from collections.abc import Mapping
from contextlib import nullcontext
from pathlib import Path
from typing import Any, Final

from infra.local.system import clean_environment
from tests.benchmarks import cores

ROOT: Final = Path(__file__).parents[2]


def environment(**variables: str) -> dict[str, str]:
    """Return this process's environment, without settings that would lead elsewhere, and `variables`."""
    return clean_environment() | {"PYTHONPATH": str(ROOT)} | variables


def command(module: str, *arguments: str) -> list[str]:
    """Return what runs a module of the benchmarks."""
    return [sys.executable, "-m", f"tests.benchmarks.{module}", *arguments]


def measure(
    module: str,
    *arguments: str,
    core: int | None = cores.SERVER,
    variables: Mapping[str, str] | None = None,
) -> dict[str, Any]:
    """Run a module of the benchmarks on one core, or on all (None); return the JSON object that it prints."""
    with nullcontext() if core is None else cores.pinned(core):
        done = subprocess.run(
            command(module, *arguments),
            check=True,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            env=environment(**(variables or {})),
        )
    measured: dict[str, Any] = json.loads(done.stdout)
    return measured
