"""The worker's command, as a process to be watched."""

import sysconfig
from pathlib import Path
from typing import Final

POLL_WORKER: Final = [
    str(Path(sysconfig.get_path("scripts")) / "stream-worker"),
    "run",
    "--engine=poll",
    "--drain",
]
"""Reads every shard to its tip and ends."""
