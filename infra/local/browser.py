"""Opens a page in the reader's browser, where there is a screen and a person in front of it."""

from __future__ import annotations

import sys
import webbrowser
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

_SCREENS: Final = ("DISPLAY", "WAYLAND_DISPLAY")


def show(
    page: Path,
    environ: Mapping[str, str],
    find: Callable[[], webbrowser.BaseBrowser] = webbrowser.get,
) -> None:
    """Open a page, or do nothing: where no screen is, and where no browser can be found or started."""
    if not is_watched(environ, sys.platform, terminal=sys.stdout.isatty()):
        return
    try:
        browser = find()
        # A browser of this very type runs in the terminal, and would take it until its reader quits.
        if type(browser) is not webbrowser.GenericBrowser:
            browser.open(page.as_uri())
    except (OSError, webbrowser.Error):
        return


def is_watched(environ: Mapping[str, str], platform: str, *, terminal: bool) -> bool:
    """Return whether stdout is a terminal beside a screen, and no CI system's; macOS always has a screen."""
    screen = platform == "darwin" or any(environ.get(name) for name in _SCREENS)
    return screen and terminal and not environ.get("CI")
