"""The edge among strangers: what 5,000 connections of each kind cost honest reports, health and memory.

In each round and for each kind a fresh edge is loaded by 64 connections, without strangers, with them, and 15
seconds after they have gone; what is printed are the ratios of one round, to the mean of both loads without
strangers: a machine's own speed changes in a minute. Then more connections than the edge has places, and the
worst small bodies.
"""

import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Final

from ingest_api.serving.limits import CONNECTIONS
from tests.benchmarks import cores, edge
from tests.benchmarks.figure import Figure, Result, Tick, at_least, at_most
from tests.benchmarks.load import Load
from tests.benchmarks.stub import Mood
from tests.strangers import visitor
from tests.strangers.crowd import Report
from tests.strangers.family import Family
from tests.strangers.kind import Kind
from tests.strangers.siege import HONEST, STRANGERS, crowd, honest
from tests.strangers.small_bodies import BODIES
from tests.support.edge.edge import running

_TOO_MANY: Final = 800
_FULL: Final = f"{CONNECTIONS + _TOO_MANY:,} silent"
_BODIES: Final = "worst small bodies"
MEASUREMENTS: Final = [*(kind.value for kind in Kind), _FULL, _BODIES]
"""What a round measures, in this order."""

_WARM_UP: Final = 1.5
_FIRST_ENDS: Final = 12.0  # seconds after which the first are thrown out where they should be
_GONE_SECONDS: Final = 15.0
_VISIT_EVERY: Final = 0.25  # seconds between a visitor's questions after /healthz
_AT_ONCE: Final = 600


@dataclass(frozen=True, slots=True)
class Run:
    """An edge before, with and after strangers: the loads, the slowest health in seconds, the growth in MiB.

    `failures` counts honest requests, of the load and of visitors, that were not answered 2xx.
    """

    before: Load
    beside: Load
    after: Load
    health: float
    grown: float
    failures: int
    strangers: Report


def measure(seconds: float, rounds: int, tick: Tick) -> Result:
    """Besiege an edge with each kind in turn, then fill one with the worst bodies; each is a fresh one."""
    runs: dict[Kind, list[Run]] = {kind: [] for kind in Kind}
    full: list[Run] = []
    peaks: list[float] = []
    with tempfile.TemporaryDirectory(prefix="metrics-bench-") as folder:
        for _ in range(rounds):
            for kind in Kind:
                tick(kind.value)
                runs[kind].append(run(kind, seconds, Path(folder)))
            tick(_FULL)
            full.append(run(Kind.SILENT, seconds, Path(folder), CONNECTIONS + _TOO_MANY))
            tick(_BODIES)
            peaks.append(peak(Path(folder)))
    failures = [sum(found[turn].failures for found in (*runs.values(), full)) for turn in range(rounds)]
    return Result(
        [
            *(figure for kind in Kind for figure in _figures(f"{STRANGERS:,} {kind.value}", runs[kind])),
            *_figures(_FULL, full),
            Figure("honest requests not answered 2xx", "", failures, at_most(0)),
            Figure(f"{_AT_ONCE} {_BODIES}, throttled: peak", "MiB", peaks, at_most(200)),
        ],
        _notes(runs),
    )


def run(
    kind: Kind, seconds: float, folder: Path, number: int = STRANGERS, gone: float = _GONE_SECONDS
) -> Run:
    """Besiege one edge with `number` strangers; `gone` is how long after them it is measured again."""
    with edge.stub(folder) as stub_port, cores.pinned(cores.SERVER), running(stub_port, folder) as server:
        family = Family(server.process.pid)
        with honest(server.port) as load:
            load.measure(_WARM_UP)
            before, memory = load.measure(seconds), family.resident
            with crowd(server.port, kind, number) as strangers, visiting(server.port) as visits:
                if any(member.leaves_soon for member in kind.members):
                    strangers.wait(lambda report: bool(report.ends), _FIRST_ENDS)
                beside = load.measure(seconds)
                seen = strangers.leave()
            time.sleep(gone)
            after, grown = load.measure(seconds), family.resident - memory
            statuses = load.leave()
    return Run(
        before=before,
        beside=beside,
        after=after,
        health=max(visit.seconds for visit in visits),
        grown=grown,
        failures=sum(number for status, number in statuses.items() if status != "202")
        + sum(visit.got != 200 for visit in visits),
        strangers=seen,
    )


@contextmanager
def visiting(port: int) -> Iterator[list[visitor.Visit]]:
    """Let a visitor ask after the edge's health, again and again, and collect what it gets."""
    visits, leave = [visitor.health(port)], threading.Event()

    def ask() -> None:
        while not leave.wait(_VISIT_EVERY):
            visits.append(visitor.health(port))

    thread = threading.Thread(target=ask, name="visitor")
    thread.start()
    try:
        yield visits
    finally:
        leave.set()
        thread.join()


def peak(folder: Path, at_once: int = _AT_ONCE) -> float:
    """Return the peak memory, in MiB, of an edge that gets the worst bodies while the stream throttles."""
    with edge.stub(folder, Mood.THROTTLE) as stub_port, running(stub_port, folder) as server:
        for make in BODIES.values():
            visitor.reports_at_once(server.port, [make(salt) for salt in range(at_once)])
        return Family(server.process.pid).peak


def _figures(who: str, runs: list[Run]) -> list[Figure]:
    rates = [2 * one.beside.rate / (one.before.rate + one.after.rate) for one in runs]
    waits = [2 * _p99(one.beside) / (one.before.p99 + one.after.p99) for one in runs]
    afterwards = [one.after.rate / one.before.rate for one in runs]
    oldest = [max(one.strangers.oldest.values(), default=0.0) for one in runs]
    return [
        Figure(f"{who}: reports/s with ÷ without", "times", rates, at_least(0.8)),
        Figure("  99 of 100 answered in, with ÷ without", "times", waits, at_most(2)),
        *([Figure("  the oldest that was ended", "s", oldest, at_most(12))] if all(oldest) else []),
        Figure("  slowest /healthz", "s", [one.health for one in runs], at_most(1)),
        Figure("  reports/s 15 s after them ÷ before", "times", afterwards, at_least(0.8)),
        Figure("  memory grown by then", "MiB", [one.grown for one in runs], at_most(100)),
    ]


def _p99(load: Load) -> float:
    """Return the milliseconds in which 99 of 100 were answered; with none of them, as long as was waited."""
    return load.p99 if load.answered else load.seconds * 1000


def _notes(runs: dict[Kind, list[Run]]) -> list[str]:
    up = "; ".join(
        f"{kind.value} {median(one.strangers.up for one in found):,.0f} up, "
        f"{median(one.strangers.opened for one in found):,.0f} opened, "
        f"{median(one.strangers.busy for one in found):.0%}"
        for kind, found in runs.items()
    )
    most = max(one.before.busy for found in runs.values() for one in found)
    how = (
        f"Strangers: {HONEST} honest connections, load generator, stub of Kinesis and strangers on core "
        f"{cores.LOAD}, the edge on core {cores.SERVER}. Strangers at the end, in all, and their share of "
        f"the core: {up}."
    )
    share = (
        f"The honest generator used at most {most:.0%} of its core without strangers; near 100 % the "
        "strangers' own work slows it too, so that the ratios look worse than the edge is."
    )
    return [how, share]
