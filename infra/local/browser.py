"""Opens a page in the reader's browser, where there is a screen and a person in front of it."""

from __future__ import annotations

import sys
import webbrowser
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

_SCREENS: Final = ("DISPLAY", "WAYLAND_DISPLAY")


def show(page: Path, environ: Mapping[str, str]) -> None:
    """Open a page, or do nothing: where no screen is, and where no browser can be started."""
    if not _watched(environ):
        return
    try:
        browser = webbrowser.get()
        # A browser of this very type runs in the terminal, and would take it until its reader quits.
        if type(browser) is not webbrowser.GenericBrowser:
            browser.open(page.as_uri())
    except (OSError, webbrowser.Error):
        return


def _watched(environ: Mapping[str, str]) -> bool:
    """Return whether stdout is a terminal beside a screen, and no CI system's."""
    screen = sys.platform == "darwin" or any(environ.get(name) for name in _SCREENS)
    return screen and sys.stdout.isatty() and not environ.get("CI")
