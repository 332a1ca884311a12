"""The page opens on a screen that a person looks at, and nowhere else."""

from __future__ import annotations

import os
import pty
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from infra.local.browser import is_watched

if TYPE_CHECKING:
    from pathlib import Path

PROGRAM = """
import os, sys
from pathlib import Path
from infra.local.browser import show
show(Path(sys.argv[1]), os.environ)
"""
NO_BROWSER = """
import os, sys, webbrowser
from pathlib import Path
from infra.local.browser import show
def find():
    raise webbrowser.Error("could not locate runnable browser")
show(Path(sys.argv[1]), os.environ, find)
"""
SCREEN = {"DISPLAY": ":7"}


def opened(
    folder: Path, *, terminal: bool = True, browser: str = "{} %s &", program: str = PROGRAM
) -> list[str]:
    """Run `show` where `browser`, as BROWSER has it, is a script; return the addresses that it was given."""
    asked, script = folder / "asked", folder / "browser"
    script.write_text(f'#!/bin/sh\necho "$1" >> {asked}\n')
    script.chmod(0o755)
    ours, theirs = pty.openpty()
    try:
        ended = subprocess.run(
            [sys.executable, "-c", program, str(folder / "report.html")],
            env={**SCREEN, "BROWSER": browser.format(script)},
            stdout=theirs if terminal else subprocess.DEVNULL,
            stderr=subprocess.PIPE,  # the browser has it too, so its end is waited for
            timeout=60,
            check=False,
        )
    finally:
        os.close(ours)
        os.close(theirs)
    assert (ended.returncode, ended.stderr) == (0, b"")
    return asked.read_text().split() if asked.exists() else []


def test_a_page_opens_where_a_terminal_is_beside_a_screen(tmp_path: Path) -> None:
    assert opened(tmp_path) == [(tmp_path / "report.html").as_uri()]


def test_nothing_opens_where_the_output_is_piped(tmp_path: Path) -> None:
    assert opened(tmp_path, terminal=False) == []


@pytest.mark.parametrize(
    ("environment", "platform", "terminal", "watched"),
    [
        (SCREEN, "linux", True, True),
        ({"WAYLAND_DISPLAY": "wayland-0"}, "linux", True, True),
        ({}, "linux", True, False),
        ({}, "darwin", True, True),
        ({}, "darwin", False, False),
        (SCREEN, "linux", False, False),
        (SCREEN | {"CI": "true"}, "linux", True, False),
        ({"CI": "true"}, "darwin", True, False),
    ],
)
def test_a_person_watches_a_terminal_beside_a_screen_but_in_ci(
    environment: dict[str, str], platform: str, *, terminal: bool, watched: bool
) -> None:
    assert is_watched(environment, platform, terminal=terminal) is watched


def test_a_browser_that_is_not_there_is_no_error(tmp_path: Path) -> None:
    assert opened(tmp_path, browser="/nowhere/at/all %s &") == []
    assert opened(tmp_path, program=NO_BROWSER) == []


def test_a_browser_in_the_terminal_is_not_started(tmp_path: Path) -> None:
    assert opened(tmp_path, browser="{} %s") == []
