"""All processes of a running edge together: their memory and sockets, as Linux keeps account of them."""

import os
import re
import resource
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Final

from tests.benchmarks import usage

_MB_IN_MIB: Final = 1e6 / 2**20
_SOCKET: Final = re.compile(r"socket:\[\d+\]")


class Family:
    """The processes of one process group, whichever run at the moment."""

    def __init__(self, group: int) -> None:
        self._group = group

    @property
    def resident(self) -> float:
        """The memory that they have resident, in MiB; what they share is counted for each."""
        return self._sum(usage.resident)

    @property
    def peak(self) -> float:
        """The most that each ever had resident (VmHWM), together, in MiB."""
        return self._sum(usage.peak)

    @property
    def sockets(self) -> int:
        """How many sockets they have open: connections of clients, a few of their own."""
        return len({link for pid in self.pids() for link in _links(pid) if _SOCKET.fullmatch(link)})

    def limit_data(self, limit: int) -> None:
        """Set RLIMIT_DATA, in bytes, for each of them and what they start."""
        for pid in self.pids():
            resource.prlimit(pid, resource.RLIMIT_DATA, (limit, limit))

    def pids(self) -> list[int]:
        """Return the running processes' numbers."""
        return [pid for pid in _running() if _group(pid) == self._group]

    def _sum(self, measure: Callable[[int], float]) -> float:
        total = 0.0
        for pid in self.pids():
            with suppress(OSError, StopIteration):  # it has ended since, or is about to and has no memory
                total += measure(pid)
        return total * _MB_IN_MIB


def _running() -> Iterator[int]:
    return (int(path.name) for path in Path("/proc").glob("[0-9]*"))


def _group(pid: int) -> int | None:
    try:
        return os.getpgid(pid)
    except ProcessLookupError:
        return None


def _links(pid: int) -> Iterator[str]:
    with suppress(OSError):
        for file in Path(f"/proc/{pid}/fd").iterdir():
            with suppress(OSError):
                yield str(file.readlink())
