"""The page opens on a screen that a person looks at, and nowhere else."""

from __future__ import annotations

import os
import pty
import stat
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

PROGRAM = """
import os, sys
from pathlib import Path
from infra.local.browser import show
show(Path(sys.argv[1]), os.environ)
"""
SCREEN = {"DISPLAY": ":7"}


def opened(folder: Path, environment: Mapping[str, str], *, terminal: bool, works: bool = True) -> list[str]:
    """Run `show` where `xdg-open` is a script; return the addresses that it was given."""
    asked, page = folder / "asked", folder / "report.html"
    script = folder / "xdg-open"
    script.write_text(f'#!/bin/sh\necho "$1" >> {asked}\n' if works else "#!/nowhere/at/all\n")
    script.chmod(script.stat().st_mode | stat.S_IXUSR)
    ours, theirs = pty.openpty()
    try:
        ended = subprocess.run(
            [sys.executable, "-c", PROGRAM, str(page)],
            env={"PATH": str(folder), **environment},
            stdout=theirs if terminal else subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            timeout=60,
            check=False,
        )
    finally:
        os.close(ours)
        os.close(theirs)
    assert (ended.returncode, ended.stderr) == (0, b"")
    return asked.read_text().split() if asked.exists() else []


@pytest.mark.skipif(sys.platform != "linux", reason="xdg-open is how Linux opens a page")
@pytest.mark.parametrize("screen", [SCREEN, {"WAYLAND_DISPLAY": "wayland-0"}], ids=["x11", "wayland"])
def test_a_page_opens_where_a_terminal_is_beside_a_screen(tmp_path: Path, screen: dict[str, str]) -> None:
    assert opened(tmp_path, screen, terminal=True) == [(tmp_path / "report.html").as_uri()]


@pytest.mark.skipif(sys.platform != "linux", reason="xdg-open is how Linux opens a page")
@pytest.mark.parametrize(
    ("environment", "terminal"),
    [({}, True), (SCREEN, False), (SCREEN | {"CI": "true"}, True)],
    ids=["no screen", "piped", "CI"],
)
def test_nothing_opens_without_a_screen_without_a_terminal_or_in_ci(
    tmp_path: Path, environment: dict[str, str], *, terminal: bool
) -> None:
    assert opened(tmp_path, environment, terminal=terminal) == []


@pytest.mark.skipif(sys.platform != "linux", reason="xdg-open is how Linux opens a page")
def test_a_browser_that_does_not_start_or_is_not_there_is_no_error(tmp_path: Path) -> None:
    assert opened(tmp_path, SCREEN, terminal=True, works=False) == []
    assert opened(tmp_path, SCREEN | {"PATH": "/nowhere"}, terminal=True) == []


@pytest.mark.skipif(sys.platform != "linux", reason="on macOS the system's own browser is asked")
def test_a_browser_in_the_terminal_is_not_started(tmp_path: Path) -> None:
    text_browser = tmp_path / "w3m"
    text_browser.write_text(f"#!/bin/sh\necho w3m >> {tmp_path / 'asked'}\n")
    text_browser.chmod(0o755)
    only = SCREEN | {"BROWSER": str(text_browser)}
    assert opened(tmp_path, only, terminal=True) == []
