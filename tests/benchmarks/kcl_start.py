"""How long it takes until the worker on the Kinesis Client Library commits: started, stopped, killed."""

from __future__ import annotations

import random
import tempfile
import time
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Final

from infra.local import resources, system
from infra.local.endpoint import start_cloud
from tests.benchmarks import reports
from tests.benchmarks.figure import Figure, Result, Tick, at_most
from tests.support.e2e import family
from tests.support.e2e.installation import Installation, count

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mypy_boto3_kinesis.type_defs import PutRecordsRequestEntryTypeDef

    from infra.local.process import Process

MEASUREMENTS: Final = {"starts and takeovers": ()}

_AIMS: Final = {
    "first start, tables and leases not there": 15,
    "restart after SIGTERM": 8,
    "start after SIGKILL of everything": 15,
    "takeover by another task after SIGTERM": 20,
    "takeover by another task after SIGKILL": 20,
}
_SECONDS: Final = 120
_SHARDS: Final = 2


def measure(_seconds: float, rounds: int, tick: Tick) -> Result:
    """Play all of it each round, on an emulated cloud of its own."""
    found: dict[str, list[float]] = {name: [] for name in _AIMS}
    for _ in range(rounds):
        tick("starts and takeovers")
        with _stage() as stage:
            for name, taken in zip(_AIMS, stage.play(), strict=True):
                found[name].append(taken)
    figures = [Figure(name, "s", found[name], at_most(aim)) for name, aim in _AIMS.items()]
    note = (
        "Starts: from the command's start, or the signal, until a record put at that moment on each "
        f"of {_SHARDS} shards is committed (METRICS_FLUSH_RECORDS=1, otherwise as shipped)."
    )
    return Result(figures, [note])


@dataclass
class Stage:
    """An installation, and the records put on it."""

    installation: Installation
    rng: random.Random
    put: int = 0
    _lives: int = field(default=0)

    def play(self) -> Iterator[float]:
        """Yield the seconds of each measurement, in the order of the aims."""
        worker, taken = self._timed_start()
        yield taken
        worker.stop(_SECONDS)
        worker, taken = self._timed_start()
        yield taken
        family.kill_everything(worker)
        worker, taken = self._timed_start()
        yield taken
        other = self._joined_by_another()
        begun = self._put()
        worker.stop(_SECONDS)
        self._await(other)
        yield time.monotonic() - begun
        another = self._joined_by_another()
        begun = self._put()
        family.kill_everything(other)
        self._await(another)
        yield time.monotonic() - begun
        another.stop(_SECONDS)

    def _timed_start(self) -> tuple[Process, float]:
        begun = self._put()
        worker = self._start()
        self._await(worker)
        return worker, time.monotonic() - begun

    def _joined_by_another(self) -> Process:
        """Start a worker and return when it has taken a shard from the one that is there."""
        worker = self._start()
        worker.wait_ready(lambda: count(worker, "shard.started") > 0, _SECONDS)
        self._put()
        self._await(worker)
        return worker

    def _start(self) -> Process:
        self._lives += 1
        return self.installation.worker(f"life-{self._lives}", flush_records=1)

    def _put(self) -> float:
        """Put a record on each shard and return when."""
        records: list[PutRecordsRequestEntryTypeDef] = [
            {
                "Data": reports.honest(self.rng),
                "PartitionKey": "benchmark",
                "ExplicitHashKey": str(place * 2**128 // _SHARDS),
            }
            for place in range(_SHARDS)
        ]
        self.installation.cloud.kinesis.put_records(
            StreamName=self.installation.cloud.resources.stream, Records=records
        )
        self.put += len(records)
        return time.monotonic()

    def _await(self, worker: Process) -> None:
        worker.wait_ready(lambda: self.installation.committed() == self.put, _SECONDS)


@contextmanager
def _stage() -> Iterator[Stage]:
    with (
        tempfile.TemporaryDirectory(prefix="kcl-start-") as folder,
        start_cloud(Path(folder) / "log") as endpoint,
    ):
        cloud = system.Cloud(endpoint, resources.Resources("metrics", _SHARDS, "metrics-lake", "metrics"))
        resources.create(cloud.resources, kinesis=cloud.kinesis, s3=cloud.s3, glue=cloud.glue)
        yield Stage(Installation(cloud, Path(folder), "kcl"), random.Random(1))
