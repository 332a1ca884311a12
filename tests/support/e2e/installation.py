"""An installation under test: resources of its own on the emulated cloud, and the project's real commands."""

from __future__ import annotations

import subprocess
import sysconfig
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Final

from infra.local.endpoint import CREDENTIAL
from infra.local.ports import LOOPBACK, reserve
from infra.local.process import Process
from infra.local.system import clean_environment, start_edge, start_worker
from schemas.tables import TABLES

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from infra.local.system import Cloud

SECONDS: Final = 60
"""The longest that anything here may take on a busy machine; nothing waits that long when all is well."""

_SCRIPTS: Final = Path(sysconfig.get_path("scripts"))


@dataclass(frozen=True)
class Installation:
    """A stream, a bucket and a catalog, and a folder for the logs of what runs on them.

    Settings are given without their prefix: `flush_records=10` is METRICS_FLUSH_RECORDS. `engine` is what its
    workers run on; a drain is the poll engine's.
    """

    cloud: Cloud
    logs: Path
    engine: str = "poll"

    def environment(self, role: str = CREDENTIAL, /, **settings: object) -> dict[str, str]:
        """Return what a process needs; its access key is its role's name, if it is to be held to one."""
        ours = {f"METRICS_{name.upper()}": str(value) for name, value in settings.items()}
        own = {"METRICS_APPLICATION": self.cloud.resources.stream, "AWS_ACCESS_KEY_ID": role}
        return clean_environment() | self.cloud.environment | own | ours

    def worker(self, name: str = "worker", /, **settings: object) -> Process:
        """Start a worker and return when it is about to read; its log is new if its name is."""
        log = self.logs / f"{name}.log"
        environment = self.environment("worker", **{"health_folder": self.health_folder(name)} | settings)
        worker = start_worker(self.cloud, log, environment, engine=self.engine)
        worker.wait_ready(lambda: count(worker, "worker.started") > 0)
        return worker

    def health_folder(self, name: str = "worker", /) -> Path:
        """Return where the worker of this name keeps the files for its health check."""
        return self.logs / f"{name}-health"

    def drain(self, name: str = "drain", /, **settings: object) -> Process:
        """Run `stream-worker run --drain` to its end, which must be a good one."""
        command = [script("stream-worker"), "run", "--engine", "poll", "--drain"]
        log = self.logs / f"{name}.log"
        with Process("drain", command, log=log, environment=self.environment("worker", **settings)) as worker:
            assert worker.wait(SECONDS) == 0, log.read_text(encoding="utf-8")
        return worker

    @contextmanager
    def edge(self, **settings: object) -> Iterator[str]:
        """Start an edge and give the `host:port` it listens on; its log is `edge.log`."""
        with (
            reserve() as port,
            start_edge(self.logs / "edge.log", self.environment("edge", **settings), port),
        ):
            yield f"{LOOPBACK}:{port}"

    def objects(self) -> list[str]:
        """Return the keys of all objects in the lake."""
        return list(self.cloud.lake.keys(""))

    def committed(self) -> int:
        """Return how many records the lake says it holds, counting each segment once."""
        lake = self.cloud.lake
        return sum(int(lake.metadata(key)["records"]) for key in lake.keys("reports/live/"))

    def check_days(self) -> None:
        """Check that readers find each day that has live segments, in both tables, and no other."""
        lake, catalog = self.cloud.lake, self.cloud.catalog
        days = [date.fromisoformat(name.removeprefix("dt=")) for name in lake.folders("reports/live/")]
        assert days
        for table in TABLES:
            assert catalog.days(table.name) == {day: f"{table.name}/live/dt={day}/" for day in days}


def script(name: str) -> str:
    """Return where a command of the project is installed."""
    return str(_SCRIPTS / name)


def run(
    *command: str, environment: Mapping[str, str], seconds: float = SECONDS
) -> subprocess.CompletedProcess[str]:
    """Run a command of the project to its end, with stdout and stderr apart."""
    return subprocess.run(
        [script(command[0]), *command[1:]],
        env=environment,
        capture_output=True,
        text=True,
        timeout=seconds,
        check=False,
    )


def count(process: Process, event: str) -> int:
    """Return how many events of this name a worker has logged."""
    return process.log.read_bytes().count(b'"event": "%s"' % event.encode())
