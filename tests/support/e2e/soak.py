"""A soak of kills: while reports keep coming, parts of a worker are killed at named steps and at random.

`python -m tests.support.e2e.soak --rounds 100` plays more rounds than the tests do, and prints the table.
"""

from __future__ import annotations

import argparse
import random
import tempfile
import time
import uuid
from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import cycle, islice
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Final

from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from infra.analytics.terminal_table import print_table
from infra.local import resources, system
from infra.local.emulator.fault import Fault, Kind
from infra.local.endpoint import start_cloud
from stream_worker.shard_life.pulse import beats
from stream_worker.stream.kinesis import KinesisStream
from tests.conftest import QUICK, SESSION
from tests.support import truth
from tests.support.e2e import family
from tests.support.e2e.installation import Installation
from tests.support.e2e.producer import Producer
from tests.support.local.control import faults

if TYPE_CHECKING:
    from collections.abc import Callable

    from mypy_boto3_dynamodb import DynamoDBClient

    from infra.local.process import Process

SECONDS: Final = 120
"""The longest that anything may take on a busy machine."""

LIMITS: Final = {"flush_records": 60, "flush_seconds": 0.5}
_LONGEST_START: Final = 6.0  # seconds until a worker's children are there
_LONGEST_STEP: Final = 1.0  # several commits begin in that time
_HANG: Final = 60.0
_LOAD: Final = 4  # records a put, 25 puts a second

STEPS: Final = {
    ("after the rejects' PUT", "child"): "rejects",
    ("after the rejects' PUT", "daemon"): "rejects",
    ("after the segment's PUT, before the checkpoint", "child"): "reports",
    ("after the segment's PUT, before the checkpoint", "daemon"): "reports",
    ("after a checkpoint", "child"): "checkpoint",
    ("after a checkpoint", "daemon"): "checkpoint",
    ("during a start", "daemon"): "start",
    ("at random", "child"): "random",
    ("at random", "daemon"): "random",
    ("at random", "everything"): "random",
}
"""When, who, and how that moment is met."""


@dataclass
class Soak:
    """A worker under attack. `recovered`: seconds from a kill until all that came before it is committed."""

    installation: Installation
    producer: Producer
    dynamodb: DynamoDBClient
    moments: random.Random
    recovered: dict[tuple[str, str], list[float]] = field(default_factory=dict)
    _lives: int = 0
    _segments: dict[str, int] = field(default_factory=dict)

    def play(self, rounds: int, tick: Callable[[str], None]) -> None:
        """Play rounds, the steps in turn; then stop in good order, with everything committed."""
        worker = self._start()
        with self.producer.under_load(_LOAD):
            worker.wait_ready(lambda: self._committed() > 0, SECONDS)
            for step in islice(cycle(STEPS), rounds):
                tick(" ".join(step))
                worker = self._round(worker, step)
        worker.wait_ready(lambda: self._committed() == len(self.producer.acknowledged), SECONDS)
        assert worker.stop(SECONDS) == 0, worker.tail()

    def _round(self, worker: Process, step: tuple[str, str]) -> Process:
        _, victim = step
        if STEPS[step] == "start":
            family.kill_everything(worker)
            worker = self._start()
            time.sleep(self.moments.uniform(0, _LONGEST_START))
            self._kill(worker, victim)
        else:
            self._meet(STEPS[step], worker, victim)
        killed, wanted = time.monotonic(), len(self.producer.acknowledged)
        worker.wait(SECONDS)
        worker = self._start()
        worker.wait_ready(lambda: self._committed() >= wanted, SECONDS)
        self.recovered.setdefault(step, []).append(time.monotonic() - killed)
        return worker

    def _meet(self, moment: str, worker: Process, victim: str) -> None:
        """Kill at the moment."""
        match moment:
            case "rejects" | "reports":
                stream = KinesisStream(self.producer.kinesis, self.producer.stream)
                shard = self.moments.choice(stream.shards())
                plan = self._stop_after_put(moment, f"{shard.epoch}.{shard.shard_id}.")
                with faults(self.installation.cloud.endpoint.url, *plan) as struck:
                    worker.wait_ready(lambda: sum(struck.hits) > 0, SECONDS)
                    self._kill(worker, victim, shard.shard_id)
            case "checkpoint":
                before = self._checkpoints()
                worker.wait_ready(lambda: self._checkpoints() != before, SECONDS)
                self._kill(worker, victim)
            case _:
                time.sleep(self.moments.uniform(0, _LONGEST_STEP))
                self._kill(worker, victim)

    def _stop_after_put(self, table: str, shard: str) -> list[Fault]:
        """Let S3 make the next object of the shard and not answer; around midnight it is one of two days."""
        today = datetime.now(UTC).date()
        bucket = self.installation.cloud.resources.bucket
        return [
            Fault(
                service="s3",
                operation="PutObject",
                kind=Kind.DO_THEN_HANG,
                resource=f"{bucket}/{table}/live/dt={today + timedelta(days)}/{shard}",
                times=1,
                hang=_HANG,
            )
            for days in (0, 1)
        ]

    def _kill(self, worker: Process, victim: str, shard_id: str | None = None) -> None:
        if victim == "everything":
            family.kill_everything(worker)
        elif victim == "daemon":
            daemon = family.daemon(worker)
            while daemon is None and worker.returncode is None:  # the command has not come so far yet
                time.sleep(0.02)
                daemon = family.daemon(worker)
            assert daemon is not None, worker.tail()
            family.kill(daemon)
        else:
            held = {beat.shard_id: beat.pid for beat in beats(self.installation.health_folder(self._name))}
            family.kill(held[shard_id or self.moments.choice(sorted(held))])

    def _checkpoints(self) -> set[str]:
        table = self.installation.cloud.resources.stream  # the application has the stream's name
        found = self.dynamodb.scan(TableName=table, ConsistentRead=True)["Items"]
        return {f"{item['leaseKey']['S']} {item['checkpoint']['S']}" for item in found}

    def _committed(self) -> int:
        """Return how many records are committed; a segment is asked once, as it never changes."""
        lake = self.installation.cloud.lake
        for key in lake.keys("reports/live/"):
            if key not in self._segments:
                self._segments[key] = int(lake.metadata(key)["records"])
        return sum(self._segments.values())

    @property
    def _name(self) -> str:
        return f"life-{self._lives}"

    def _start(self) -> Process:
        self._lives += 1
        return self.installation.worker(self._name, **LIMITS)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a soak came to."""

    recovered: dict[tuple[str, str], list[float]]
    reports: int
    lost: int
    doubled: int

    def show(self, console: Console) -> None:
        """Print the table."""
        table = Table(
            title=f"Kills: {self.reports:,} records acknowledged, {self.lost} lost, {self.doubled} doubled"
        )
        for heading in ("killed", "when"):
            table.add_column(heading, no_wrap=True)
        for heading in ("rounds", "median s", "worst s"):
            table.add_column(heading, justify="right", no_wrap=True)
        for (when, victim), seconds in sorted(self.recovered.items()):
            table.add_row(victim, when, str(len(seconds)), f"{median(seconds):.1f}", f"{max(seconds):.1f}")
        everything = [one for seconds in self.recovered.values() for one in seconds]
        table.add_section()
        table.add_row("", "all", str(len(everything)), f"{median(everything):.1f}", f"{max(everything):.1f}")
        print_table(console, table)


def play(rounds: int, seed: int, folder: Path, tick: Callable[[str], None]) -> Outcome:
    """Play a soak on an emulated cloud of its own; the logs go into `folder`.

    Raises `AssertionError` when a record is lost or doubled, has a wrong outcome, or the sums do not hold.
    """
    name = f"soak-{uuid.uuid4().hex[:12]}"
    with start_cloud(folder / "cloud.log") as endpoint:
        cloud = system.Cloud(endpoint, resources.Resources(name, 2, name, name))
        resources.create(cloud.resources, kinesis=cloud.kinesis, s3=cloud.s3, glue=cloud.glue)
        client = SESSION.client("kinesis", endpoint_url=endpoint.url, config=QUICK)
        dynamodb = SESSION.client("dynamodb", endpoint_url=endpoint.url, config=QUICK)
        producer = Producer(client, name, seed)
        soak = Soak(Installation(cloud, folder, "kcl"), producer, dynamodb, random.Random(seed))
        soak.play(rounds, tick)
        places = Counter(truth.read(cloud.lake).positions)
        lost = len(producer.acknowledged.keys() - places.keys())
        doubled = sum(number - 1 for number in places.values())
        outcome = Outcome(soak.recovered, len(producer.acknowledged), lost, doubled)
        outcome.show(Console(width=100))
        producer.check(cloud.lake)
    return outcome


def main() -> None:
    """Play as many rounds as asked for."""
    parser = argparse.ArgumentParser("python -m tests.support.e2e.soak", description=__doc__)
    parser.add_argument(
        "--rounds", type=int, default=30, metavar="N", help="kills (30); about 12 seconds each"
    )
    parser.add_argument("--seed", type=int, default=1, metavar="N", help="of the moments and the reports (1)")
    given = parser.parse_args()
    with (
        tempfile.TemporaryDirectory(prefix="soak-") as folder,
        Progress(console=Console(stderr=True), transient=True) as progress,
    ):
        task = progress.add_task("", total=given.rounds)
        play(
            given.rounds,
            given.seed,
            Path(folder),
            lambda what: progress.update(task, description=what, advance=1),
        )


if __name__ == "__main__":
    main()
