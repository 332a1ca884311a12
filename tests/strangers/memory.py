"""What a process takes of memory at most, and a limit to it such as a container would set."""

from __future__ import annotations

import resource
import time
from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from infra.local.process import Process

CONTAINER_MIB: Final = 512
"""Half of the worker's task, which has 1,024 MiB for the Java of the daemon and its first child."""

_MIB: Final = 1024 * 1024
_SAMPLE_SECONDS: Final = 0.005


def confine(pid: int, mebibytes: int = CONTAINER_MIB) -> None:
    """Let a running process have so much data (heap, stacks, writable mappings): more fails in it."""
    limit = mebibytes * _MIB
    resource.prlimit(pid, resource.RLIMIT_DATA, (limit, limit))


def peak(pid: int) -> float:
    """Return the most memory, in MiB, that a process has had so far (VmHWM); 0 for one that has ended."""
    try:
        lines = Path(f"/proc/{pid}/status").read_text("ascii").splitlines()
    except (OSError, UnicodeDecodeError):
        return 0
    found = [int(line.split()[1]) for line in lines if line.startswith("VmHWM:")]
    return found[0] / 1024 if found else 0  # a process that is ending has no memory any more


def peak_until_end(process: Process, seconds: float) -> tuple[int, float]:
    """Wait until a process ends; return its exit status and its peak in MiB."""
    highest, deadline = 0.0, time.monotonic() + seconds
    while process.returncode is None and time.monotonic() < deadline:
        highest = max(highest, peak(process.pid))
        time.sleep(_SAMPLE_SECONDS)
    return process.wait(1), highest
