"""Processor cores: which process runs on which, and how much of one it had."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

SERVER: Final = 0
"""For the server, or for whatever else is measured."""

LOAD: Final = 1
"""For the load generator and the stream's stub."""

_ALLOWED: Final = os.sched_getaffinity(0)  # not asked later: inside another `pinned` it is one core

_NANOSECOND: Final = 1e-9
_TICK: Final = 1 / os.sysconf("SC_CLK_TCK")


@contextmanager
def pinned(core: int) -> Iterator[None]:
    """Let the processes that are started inside run on this core alone.

    Where this process may not use that core (a machine with one), the system chooses.
    """
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {core} & _ALLOWED or _ALLOWED)
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


def not_idle() -> float:
    """Return for how many seconds this process ran or waited for its core; Linux alone says the latter.

    Time that a neighbour took from it counts, so a load generator that is short of time does not look idle.
    """
    ran, waited, _ = Path("/proc/self/schedstat").read_text(encoding="ascii").split()
    return (int(ran) + int(waited)) * _NANOSECOND


def seconds_of_group(group: int) -> float:
    """Return the processor time, in seconds, that the running processes of a process group have used."""
    return sum(_ticks(stat, group) for stat in Path("/proc").glob("[0-9]*/stat")) * _TICK


def peak_memory() -> int:
    """Return the most memory that this process ever had resident, in bytes."""
    # Not getrusage's ru_maxrss: a child inherits in it what its parent had at the fork.
    status = Path("/proc/self/status").read_text(encoding="ascii")
    line = next(line for line in status.splitlines() if line.startswith("VmHWM:"))
    return int(line.split()[1]) * 1024


def _ticks(stat: Path, group: int) -> int:
    try:
        # After the name, which may hold anything: state, parent, group, and from the 12th on the times.
        fields = stat.read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return 0
    return int(fields[11]) + int(fields[12]) if int(fields[2]) == group else 0
