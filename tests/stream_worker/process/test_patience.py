"""Who waits for a command decides for how long it waits for the lake."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import Final

from infra.local.system import clean_environment
from stream_worker.lake.s3_store import PATIENCE_OF_PEOPLE_SECONDS, PATIENCE_SECONDS

ASK: Final = "from stream_worker.commands.wiring import Wiring; print(Wiring.of_environment().patience)"


def patience(stderr: int) -> float:
    environment = clean_environment() | {"METRICS_BUCKET": "lake"}
    found = subprocess.run(
        [sys.executable, "-c", ASK], env=environment, stdout=subprocess.PIPE, stderr=stderr, check=True
    )
    return float(found.stdout)


def test_a_command_in_a_terminal_waits_for_a_minute() -> None:
    ours, theirs = os.openpty()
    try:
        assert patience(theirs) == PATIENCE_OF_PEOPLE_SECONDS == 60
    finally:
        os.close(theirs)
        os.close(ours)


def test_a_scheduled_command_waits_as_long_as_a_worker() -> None:
    assert patience(subprocess.PIPE) == PATIENCE_SECONDS == 600
