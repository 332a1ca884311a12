"""The commands where nothing can be written, without a home, in other locales, on narrow terminals."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from infra.local.system import clean_environment
from tests.support.e2e.installation import run, script
from tests.support.e2e.surroundings import unwritable

if TYPE_CHECKING:
    from pathlib import Path

HELPFUL = [
    [script("stream-worker"), "--help"],
    [script("stream-worker"), "--version"],
    *(
        [script("stream-worker"), command, "--help"]
        for command in ("run", "health", "seal", "replay", "audit", "rollback", "generations", "expire")
    ),
    [script("metrics-local"), "--help"],
    [script("metrics-local"), "--version"],
    *(
        [script("metrics-local"), command, "--help"]
        for command in ("up", "cloud", "init", "demo", "fill", "report")
    ),
    [script("ingest-api"), "--help"],
    *(
        [sys.executable, "-m", module, "--help"]
        for module in ("infra.analytics", "infra.cost", "infra.images", "infra.local.emulator.cloud")
    ),
]


@pytest.mark.parametrize("command", HELPFUL, ids=lambda command: " ".join(command[-3:]).rpartition("/")[2])
def test_help_needs_no_file_no_home_and_no_particular_locale(command: list[str]) -> None:
    environment = clean_environment() | {"PYTHONIOENCODING": "ascii", "LC_ALL": "POSIX", "COLUMNS": "1"}
    environment |= {"TZ": ":/nowhere", "HOME": "/nowhere", "PYTHONSAFEPATH": "1"}
    done = unwritable(command, environment)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout


@pytest.mark.parametrize(
    "command",
    [
        [script("metrics-local"), "up"],
        [script("metrics-local"), "demo", "--lake", "no-such-folder"],
        [sys.executable, "-m", "infra.analytics", "query", "growth", "--lake", "."],
        [sys.executable, "-m", "infra.analytics", "public", "--lake", "."],
    ],
    ids=["up", "demo", "query", "public"],
)
def test_what_needs_a_temporary_file_says_how_to_give_it_one(command: list[str]) -> None:
    done = unwritable(command, clean_environment())
    assert (done.returncode, done.stdout) == (1, "")
    assert "set TMPDIR to" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_worker_that_cannot_write_its_health_says_how_to_give_it_a_place(tmp_path: Path) -> None:
    keys = {"AWS_ACCESS_KEY_ID": "a", "AWS_SECRET_ACCESS_KEY": "b", "AWS_REGION": "us-east-1"}
    (tmp_path / "file").write_bytes(b"")
    environment = clean_environment() | keys | {"METRICS_BUCKET": "lake", "TMPDIR": str(tmp_path / "file")}
    done = run("stream-worker", "run", environment=environment)
    assert (done.returncode, done.stdout) == (1, "")
    assert "METRICS_HEALTH_FOLDER" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_reader_that_goes_away_ends_a_command_quietly() -> None:
    command = f"{sys.executable} -m infra.analytics list --json | head -c 1"
    done = subprocess.run(
        ["/bin/sh", "-c", command],
        env=clean_environment(),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (done.stdout, done.stderr) == ("{", "")
