"""The jars of the daemon: the build of amazon_kclpy downloads them, so pip's hashes do not cover them."""

from __future__ import annotations

import hashlib
from importlib.resources import files
from importlib.util import find_spec
from pathlib import Path
from typing import Final

from stream_worker.process.errors import SetupError

LIST: Final = "jars.sha256"
"""Beside this module, in the format of `sha256sum --check`: the jars of amazon_kclpy 3.1.3."""

_REMEDY: Final = "Install it again: pip install --force-reinstall --no-cache-dir -r requirements-worker.txt"


def folder() -> Path:
    """Return where amazon_kclpy keeps its jars; raise `SetupError` if it is not installed."""
    found = find_spec("amazon_kclpy")
    if found is None or not found.submodule_search_locations:
        raise SetupError(
            "amazon_kclpy is not installed: pip install -r requirements-worker.txt, or run with --engine poll"
        )
    return Path(found.submodule_search_locations[0]) / "jars"


def expected() -> dict[str, str]:
    """Return the sha256 of each jar, by file name."""
    lines = files("stream_worker.engines.kcl").joinpath(LIST).read_text(encoding="ascii").splitlines()
    return {name: digest for digest, name in (line.split("  ") for line in lines)}


def checked(jars: Path) -> list[Path]:
    """Return the jars in the folder `jars`; raise `SetupError` if one is missing, empty or not as listed.

    A jar that is not on the list is left out of the class path.
    """
    listed = expected()
    for name, digest in listed.items():
        jar = jars / name
        if not jar.is_file():
            raise SetupError(f"{jar} is missing: its download failed when amazon_kclpy was built. {_REMEDY}")
        content = jar.read_bytes()
        if not content:
            raise SetupError(
                f"{jar} is empty: its download was cut off when amazon_kclpy was built. {_REMEDY}"
            )
        if hashlib.sha256(content).hexdigest() != digest:
            raise SetupError(f"{jar} is not the jar that this worker was tested with ({LIST}). {_REMEDY}")
    return [jars / name for name in listed]
