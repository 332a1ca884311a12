"""The processes of a worker on the Kinesis Client Library: the command, its daemon, the daemon's children."""

from __future__ import annotations

import contextlib
import os
import signal
from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from infra.local.process import Process

_CHILD: Final = b"stream_worker.engines.kcl.child"


def daemon(worker: Process) -> int | None:
    """Return the process id of a worker's daemon, if it has one."""
    return next(iter(children_of(worker.pid)), None)


def children(worker: Process) -> list[int]:
    """Return the process ids of the daemon's children, one a shard, those that still start included."""
    parent = daemon(worker)
    return [] if parent is None else [pid for pid in children_of(parent) if _CHILD in _command(pid)]


def kill(pid: int) -> None:
    """Kill a process that may be gone already."""
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)


def kill_everything(worker: Process) -> None:
    """Kill the command, the daemon and its children before any of them can do something about it."""
    everybody = [pid for pid in (worker.pid, daemon(worker), *children(worker)) if pid is not None]
    for number in (signal.SIGSTOP, signal.SIGKILL):
        for pid in everybody:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, number)
    worker.kill()


def signal_everything(worker: Process, number: signal.Signals) -> None:
    """Send a signal to all of them at once."""
    for pid in (worker.pid, daemon(worker), *children(worker)):
        if pid is not None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, number)


def children_of(parent: int) -> list[int]:
    """Return the living children of a process."""
    found = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(FileNotFoundError, ProcessLookupError):
            # After the name, which may hold anything: state, parent, ...
            state, its_parent, *_ = stat.read_text(errors="replace").rpartition(")")[2].split()
            if int(its_parent) == parent and state != "Z":
                found.append(int(stat.parent.name))
    return sorted(found)


def _command(pid: int) -> bytes:
    with contextlib.suppress(FileNotFoundError, ProcessLookupError):
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    return b""
