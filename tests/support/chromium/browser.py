"""A headless Chromium for tests, from a package of npm's registry, so that a bare machine has one too."""

from __future__ import annotations

import os
import platform
import sys
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final

from playwright.sync_api import sync_playwright

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Browser

_FOLDER: Final = Path(__file__).parent
_UNPACKED: Final = _FOLDER / "node_modules" / "browser"
AXE: Final = _FOLDER / "node_modules" / "axe-core" / "axe.min.js"
"""The script that finds what shuts people out; to be evaluated in a page."""


@contextmanager
def start_browser() -> Iterator[Browser]:
    """Start it and close it at the end. `CHROMIUM` names another Chrome or Chromium to take instead.

    Raises `FileNotFoundError` where there is none.
    """
    own = os.environ.get("CHROMIUM")
    program = Path(own) if own else _UNPACKED / "chromium"
    if not own and (sys.platform, platform.machine()) != ("linux", "x86_64"):
        raise FileNotFoundError("the packed browser is for Linux on x86-64: set CHROMIUM to a Chrome's path")
    if not program.exists():
        raise FileNotFoundError(
            f"{program} is missing: `make test` installs it, or set CHROMIUM to a Chrome's path"
        )
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=program,
            env={**os.environ} if own else _environment(),
            args=["--font-render-hinting=none"],
        )
        with browser:
            yield browser


def _environment() -> dict[str, str | float | bool]:
    """Give it the libraries and fonts of its package alone."""
    own = {
        "LD_LIBRARY_PATH": str(_UNPACKED / "al2023" / "lib"),
        "FONTCONFIG_FILE": str(_FOLDER / "fonts.conf"),
        "XDG_CACHE_HOME": str(_UNPACKED / "cache"),
    }
    return {**os.environ, **own}
