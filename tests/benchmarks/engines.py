"""Both engines on the same backlog: records a second, and which process the time goes into."""

from __future__ import annotations

import random
import signal
import tempfile
import time
import uuid
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

import orjson

from infra.local import resources, system
from infra.local.endpoint import start_cloud
from tests.benchmarks import reports, usage
from tests.benchmarks.figure import Figure, Result, Tick, ratios
from tests.support.e2e import family
from tests.support.e2e.installation import Installation, count

if TYPE_CHECKING:
    from collections.abc import Callable

    from infra.local.process import Process

SHARDS: Final = (1, 4)
MEASUREMENTS: Final = {
    f"{engine} on {shards} shard(s)": () for shards in SHARDS for engine in ("kcl", "poll")
}

_A_SECOND: Final = 40_000
"""Records of backlog for each second that was asked for: no run is shorter than that."""

_PUT: Final = 500
_IDLE_SECONDS: Final = 3.0
_SECONDS: Final = 300


@dataclass(frozen=True, slots=True)
class Run:
    """One run: records a second, and microseconds of processor time a record by process; memory in MB."""

    rate: float
    costs: dict[str, float]
    idle: dict[str, float]
    peak: dict[str, float]


def measure(seconds: float, rounds: int, tick: Tick) -> Result:
    """Let each engine read a backlog from the trim horizon, on one shard and on four."""
    backlog = int(seconds * _A_SECOND)
    figures: list[Figure] = []
    for shards in SHARDS:
        found: dict[str, list[Run]] = {"kcl": [], "poll": []}
        for _ in range(rounds):
            for engine, runs in found.items():
                tick(f"{engine} on {shards} shard(s)")
                runs.append(run(engine, shards, backlog))
        figures += _figures(shards, found["kcl"], found["poll"])
    note = (
        f"Engines: a backlog of {backlog:,} reports, read and committed on as many cores as there are, the "
        "emulated cloud beside them: its time is AWS's."
    )
    return Result(figures, [note])


def run(engine: str, shards: int, backlog: int) -> Run:
    """Put a backlog, let a worker commit it, and say what it took."""
    with (
        tempfile.TemporaryDirectory(prefix="engines-") as folder,
        start_cloud(Path(folder) / "log") as endpoint,
    ):
        cloud = system.Cloud(endpoint, resources.Resources("metrics", shards, "metrics-lake", "metrics"))
        resources.create(cloud.resources, kinesis=cloud.kinesis, s3=cloud.s3, glue=cloud.glue)
        installation = Installation(cloud, Path(folder), engine)
        # Nobody else is there to take a lease while the worker is held still.
        limits = {"flush_records": 5_000, "flush_seconds": 1, "kcl_failover_seconds": 300}
        with installation.worker(**limits) as worker:
            worker.wait_ready(lambda: count(worker, "shard.started") == shards, _SECONDS)
            time.sleep(_IDLE_SECONDS)
            idle = _sums(_members(worker, engine), usage.resident)
            family.signal_everything(worker, signal.SIGSTOP)
            _put(cloud, backlog)
            family.signal_everything(worker, signal.SIGCONT)
            return _watch(installation, worker, backlog, idle)


def _watch(installation: Installation, worker: Process, backlog: int, idle: dict[str, float]) -> Run:
    members = _members(worker, installation.engine)
    watched = [("emulator", _emulator(installation)), *members]
    before = _sums(watched, usage.seconds)
    begun = time.monotonic()
    while _committed(worker) < backlog:
        assert time.monotonic() - begun < _SECONDS, worker.tail()
        time.sleep(0.1)
    taken = time.monotonic() - begun
    spent = _sums(watched, usage.seconds)
    costs = {name: (spent[name] - before[name]) / backlog * 1e6 for name in spent}
    return Run(backlog / taken, costs, idle, _sums(members, usage.peak))


def _members(worker: Process, engine: str) -> list[tuple[str, int]]:
    if engine == "poll":
        return [("worker", worker.pid)]
    daemon = family.daemon(worker)
    assert daemon
    return [("JVM", daemon), *(("children", child) for child in family.children(worker))]


def _emulator(installation: Installation) -> int:
    """Return the process that answers: Granian's worker, not its supervisor."""
    return max(family.children_of(installation.cloud.endpoint.process.pid), key=usage.resident)


def _sums(members: list[tuple[str, int]], ask: Callable[[int], float]) -> dict[str, float]:
    sums: dict[str, float] = {}
    for name, pid in members:
        sums[name] = sums.get(name, 0) + ask(pid)
    return sums


def _committed(worker: Process) -> int:
    lines = worker.log.read_bytes().splitlines()
    return sum(orjson.loads(line)["records"] for line in lines if b'"event": "segment.committed"' in line)


def _put(cloud: system.Cloud, backlog: int) -> None:
    rng = random.Random(1)
    for _ in range(0, backlog, _PUT):
        cloud.kinesis.put_records(
            StreamName=cloud.resources.stream,
            Records=[
                {"Data": reports.honest(rng), "PartitionKey": str(uuid.UUID(int=rng.getrandbits(128)))}
                for _ in range(_PUT)
            ],
        )


def _figures(shards: int, kcl: list[Run], poll: list[Run]) -> list[Figure]:
    on = f"on {shards} shard{'s' * (shards > 1)}"
    ours, theirs = [one.rate for one in kcl], [one.rate for one in poll]
    figures = [
        Figure(f"engine kcl {on}", "records/s", ours),
        Figure(f"engine poll {on}", "records/s", theirs),
        Figure(f"kcl ÷ poll {on}", "times", ratios(ours, theirs)),
    ]
    for engine, runs in (("kcl", kcl), ("poll", poll)):
        figures += [
            Figure(f"  {engine}: {name}", "µs/record", [one.costs[name] for one in runs])
            for name in runs[0].costs
        ]
        figures += [
            Figure(f"  {engine}: {name}, {when}", "MB", [getattr(one, moment)[name] for one in runs])
            for name in runs[0].idle
            for moment, when in (("idle", "idle"), ("peak", "at most"))
        ]
    return figures
