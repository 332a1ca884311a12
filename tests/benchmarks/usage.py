"""What a running process has used: processor time and memory, as Linux keeps account of it."""

import os
from pathlib import Path
from typing import Final

_TICK: Final = 1 / os.sysconf("SC_CLK_TCK")


def seconds(pid: int) -> float:
    """Return the processor time, in seconds, that a process has used so far."""
    stat = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
    fields = stat.rpartition(")")[2].split()  # after the name, which may hold anything
    return (int(fields[11]) + int(fields[12])) * _TICK


def resident(pid: int) -> float:
    """Return the memory that a process has resident, in MB."""
    return _memory(pid, "VmRSS:")


def peak(pid: int) -> float:
    """Return the most memory that a process ever had resident, in MB."""
    return _memory(pid, "VmHWM:")


def _memory(pid: int, name: str) -> float:
    status = Path(f"/proc/{pid}/status").read_text(encoding="ascii", errors="replace")
    line = next(line for line in status.splitlines() if line.startswith(name))
    return int(line.split()[1]) * 1024 / 1e6
