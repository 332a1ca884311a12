"""The edge under load, beside one that calls Kinesis for each request and beside a bare WSGI application."""

import http.client
import socket
import sysconfig
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Final

from infra.local.endpoint import CREDENTIAL, REGION
from infra.local.ports import LOOPBACK, reserve
from infra.local.process import Process
from tests.benchmarks import cores, former, fresh
from tests.benchmarks.figure import Figure, Result, Tick, at_least, at_most, ratios
from tests.benchmarks.load import Load, requests
from tests.benchmarks.rivals import CONNECTIONS
from tests.benchmarks.stub import Mood

EDGE, PUT_RECORD, BARE = "edge", "put_record a request", "bare WSGI"
FORMER: Final = f"edge of {former.COMMIT}"
MEASUREMENTS: Final = [EDGE, *([FORMER] if former.known() else []), PUT_RECORD, BARE]
"""What a round measures, in this order."""

WARM_UP: Final = 1.5
"""Seconds of load before the seconds that count."""

_SATURATED: Final = 0.9


@dataclass(frozen=True, slots=True)
class Run:
    """A server under load: what came back, and the server's processor time for an answer, in seconds."""

    load: Load
    cpu: float

    @property
    def busy(self) -> float:
        """The share of its core that the server used."""
        return self.cpu * self.load.rate


def measure(seconds: float, rounds: int, tick: Tick) -> Result:
    """Measure the three servers in turn, each time with a fresh stub, server and load generator."""
    runs: dict[str, list[Run]] = {name: [] for name in MEASUREMENTS}
    with tempfile.TemporaryDirectory(prefix="metrics-bench-") as folder:
        for _ in range(rounds):
            for name in MEASUREMENTS:
                tick(name)
                runs[name].append(run(name, seconds, Path(folder)))
    failures = [sum(runs[name][turn].load.failures for name in runs) for turn in range(rounds)]
    return Result(
        [
            *(Figure(name, "reports/s", [one.load.rate for one in runs[name]]) for name in runs),
            Figure("edge, median time to answer", "ms", [one.load.p50 for one in runs[EDGE]]),
            Figure("edge, 99 of 100 answered in", "ms", [one.load.p99 for one in runs[EDGE]]),
            *(_beside_former(runs) if FORMER in runs else []),
            *_ratios(runs, PUT_RECORD, 8),
            *_ratios(runs, BARE, 0.25),
            Figure("answers other than 2xx", "", failures, at_most(0)),
        ],
        _notes(runs),
    )


def _beside_former(runs: dict[str, list[Run]]) -> list[Figure]:
    p99 = ratios([one.load.p99 for one in runs[EDGE]], [one.load.p99 for one in runs[FORMER]])
    return [
        *_ratios(runs, FORMER, 1),
        Figure("  99 of 100 answered in, edge ÷ former edge", "times", p99, at_most(1)),
    ]


def _command(name: str, folder: Path) -> list[str]:
    """Return what runs the server of a measurement."""
    if name == EDGE:
        return [str(Path(sysconfig.get_path("scripts")) / "ingest-api")]
    if name == FORMER:
        return former.command(folder)
    return fresh.command("rivals", {PUT_RECORD: "put_record", BARE: "bare"}[name])


def _ratios(runs: dict[str, list[Run]], rival: str, aim: float) -> list[Figure]:
    """Compare the answers a second, and those a second of the server's processor time."""
    ours, theirs = runs[EDGE], runs[rival]
    rates = ratios([one.load.rate for one in ours], [one.load.rate for one in theirs])
    costs = ratios([one.cpu for one in theirs], [one.cpu for one in ours])
    return [
        Figure(f"edge ÷ {rival}", "times", rates, at_least(aim)),
        Figure("  by the server's processor time", "times", costs),
    ]


def run(name: str, seconds: float, folder: Path, warm_up: float = WARM_UP) -> Run:
    """Load one of the servers for some seconds; `folder` gets the logs."""
    with stub(folder) as stub_port, _server(name, stub_port, folder) as (server, port):
        before = cores.seconds_of_group(server.pid)
        load = Load(
            **fresh.measure(
                "load",
                f"--port={port}",
                f"--connections={CONNECTIONS}",
                f"--seconds={seconds}",
                f"--warm-up={warm_up}",
                core=cores.LOAD,
            )
        )
        used = cores.seconds_of_group(server.pid) - before
        return Run(load, used / sum(load.statuses.values()))


@contextmanager
def stub(folder: Path, mood: Mood = Mood.TAKE) -> Iterator[int]:
    """Start what stands in for Kinesis, in this mood, and give its port; `folder` gets its log."""
    with reserve() as port, cores.pinned(cores.LOAD):
        command = fresh.command("stub", f"--port={port}", f"--mood={mood.value}")
        with Process("stub", command, log=folder / "stub.log", environment=fresh.environment()) as process:
            process.wait_ready(lambda: _listens(port))
            yield port


@contextmanager
def _server(name: str, stub_port: int, folder: Path) -> Iterator[tuple[Process, int]]:
    with reserve() as port:
        environment = fresh.environment(
            AWS_ACCESS_KEY_ID=CREDENTIAL,
            AWS_SECRET_ACCESS_KEY=CREDENTIAL,
            AWS_DEFAULT_REGION=REGION,
            AWS_ENDPOINT_URL_KINESIS=f"http://{LOOPBACK}:{stub_port}",
            METRICS_HOST=LOOPBACK,
            METRICS_PORT=str(port),
        )
        log = folder / f"{name}.log"
        with cores.pinned(cores.SERVER):
            server = Process(name, _command(name, folder), log=log, environment=environment)
        with server:
            server.wait_ready(lambda: _accepts(port))
            yield server, port


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex((LOOPBACK, port)) == 0


def _accepts(port: int) -> bool:
    """Say whether a report is answered 202."""
    try:
        with socket.create_connection((LOOPBACK, port), timeout=5) as connection:
            connection.sendall(requests(1)[0])
            answer = http.client.HTTPResponse(connection)
            answer.begin()
            return answer.status == http.HTTPStatus.ACCEPTED
    except (OSError, http.client.HTTPException):
        return False


def _notes(runs: dict[str, list[Run]]) -> list[str]:
    shares = "; ".join(
        f"{name} {median(one.busy for one in found):.0%} and {median(one.load.busy for one in found):.0%}"
        for name, found in runs.items()
    )
    how = (
        f"Edge: {CONNECTIONS} connections, the server on core {cores.SERVER}, load generator and stub of "
        f"Kinesis on core {cores.LOAD}, the rivals on Granian, a thread for each request. Of its core the "
        f"server used, and of its own the generator, with waiting for it: {shares}."
    )
    notes = [how]
    if max(one.load.busy for one in runs[BARE]) > _SATURATED:
        notes.append("The generator was saturated by bare WSGI: the edge's ratio to it flatters the edge.")
    short = [name for name, found in runs.items() if median(one.busy for one in found) < _SATURATED]
    if short:
        notes.append(
            f"{', '.join(short)}: the server did not have, or did not use, its whole core. "
            "Trust the ratio by processor time."
        )
    return notes
