"""Temporary folders are removed afterwards, and a full or missing disk is reported in words."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from stream_worker.process.errors import SetupError, WorkerError
from stream_worker.process.scratch import scratch

if TYPE_CHECKING:
    from pathlib import Path

SPILL = """
import resource, sys
from pathlib import Path
import polars as pl
from stream_worker.process.errors import OutageError
from stream_worker.process.scratch import scratch
from stream_worker.days.sorter import Sorter
rows = pl.DataFrame({"stack_id": [f"{7**n:x}" for n in range(1000)]})
try:
    with scratch("test-", Path(sys.argv[1])) as folder:
        resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))
        Sorter(folder, part_rows=10).add(rows)
except OutageError as error:
    print(error)
"""


def test_a_folder_is_there_inside_and_gone_afterwards(tmp_path: Path) -> None:
    with scratch("test-", tmp_path) as folder:
        (folder / "file").write_bytes(b"x")
        assert list(tmp_path.iterdir()) == [folder]
    assert list(tmp_path.iterdir()) == []


def test_a_missing_parent_folder_is_a_matter_of_setup(tmp_path: Path) -> None:
    with pytest.raises(SetupError, match="set TMPDIR to a folder"), scratch("test-", tmp_path / "no"):
        pass


def test_a_full_disk_is_reported_and_nothing_is_left_behind(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", SPILL, str(tmp_path)], capture_output=True, text=True, timeout=60, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert "cannot be written to (File too large): free space, or set TMPDIR" in done.stdout
    assert list(tmp_path.iterdir()) == []


def test_an_error_of_the_workers_own_is_passed_on_unchanged() -> None:
    with pytest.raises(WorkerError, match=r"^No space left on device$"), scratch("test-"):
        raise WorkerError("No space left on device")
