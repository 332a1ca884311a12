"""Outages of the emulated cloud under load, and how long a worker takes to have made good for one."""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from stream_worker.lake.keys import SegmentKey
from stream_worker.lake.segment import Summary
from tests.support.e2e import family
from tests.support.local.control import faults

if TYPE_CHECKING:
    from infra.local.emulator.fault import Fault
    from infra.local.process import Process
    from stream_worker.lake.store import Lake
    from tests.support.e2e.installation import Installation
    from tests.support.e2e.producer import Producer

SECONDS = 120
"""The longest wait for anything here, on a busy machine."""


@dataclass(frozen=True)
class Stage:
    """A worker at work on an installation, with somebody who puts."""

    installation: Installation
    producer: Producer
    worker: Process

    @property
    def url(self) -> str:
        return self.installation.cloud.endpoint.url

    def play(self, seconds: float) -> None:
        """Let time pass; raise as soon as the worker ends."""
        end = time.monotonic() + seconds
        self.worker.wait_ready(lambda: time.monotonic() > end, 2 * seconds + SECONDS)

    def endure(self, seconds: float, *plan: Fault) -> float:
        """Play an outage; return after how many seconds all that came until its end was committed."""
        with faults(self.url, *plan) as sabotage:
            self.play(seconds)
            assert all(sabotage.hits), sabotage.hits
        return self.catch_up()

    def catch_up(self) -> float:
        """Wait until everything acknowledged so far is committed; return how many seconds it took."""
        began = time.monotonic()
        wanted = newest(self.producer)
        self.worker.wait_ready(lambda: all_reached(self.installation.cloud.lake, wanted), SECONDS)
        return time.monotonic() - began


def newest(producer: Producer) -> dict[str, int]:
    """Return the newest sequence number of each shard that was acknowledged to the producer so far."""
    found: dict[str, int] = {}
    for shard_id, number in list(producer.acknowledged):
        found[shard_id] = max(number, found.get(shard_id, 0))
    return found


def all_reached(lake: Lake, wanted: dict[str, int]) -> bool:
    """Say whether the chain of each shard ends where it is wanted to, or later."""
    last: dict[str, SegmentKey] = {}
    for key in filter(None, map(SegmentKey.parse, lake.keys("reports/live/"))):
        last[key.shard_id] = max(key, last.get(key.shard_id, key), key=lambda one: one.start)
    return all(
        shard_id in last and Summary.parse(lake.metadata(last[shard_id].key)).last.sequence_number >= number
        for shard_id, number in wanted.items()
    )


@dataclass(frozen=True)
class Memory:
    """The most that a worker's processes have had resident so far, in MB: its daemon, the largest child."""

    daemon: float
    child: float


def peak_memory(worker: Process) -> Memory:
    daemon = family.daemon(worker)
    assert daemon
    return Memory(peak(daemon), max(map(peak, family.children(worker))))


def peak(pid: int) -> float:
    status = Path(f"/proc/{pid}/status").read_text(encoding="ascii")
    (line,) = (line for line in status.splitlines() if line.startswith("VmHWM:"))
    return int(line.split()[1]) * 1024 / 1e6
