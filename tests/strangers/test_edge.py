"""Crowds of strangers around a real edge: honest reports, health, memory and connections do not notice them.

What is asserted is true on a busy machine too. How fast it all is, the benchmark `strangers` measures.
"""

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

from tests.benchmarks import edge as bench
from tests.benchmarks.load import DROPPED
from tests.strangers import visitor
from tests.strangers.crowd import Report
from tests.strangers.family import Family
from tests.strangers.kind import Kind
from tests.strangers.siege import STRANGERS, Crowd, crowd, honest
from tests.support.edge.edge import Edge, running
from tests.support.soak import soaked

CONNECTIONS: Final = 8192
"""Connections that the edge has at most."""

PATIENT: Final = "10"
"""On a busy machine the stream's stub may be slow; a 503 for that is not the strangers' doing."""

SPARE: Final = 128
"""Sockets beyond those: the edge's own, and connections just taken whose place another is just leaving."""

MEMORY: Final = 100.0
"""MiB that may stay in use after strangers have been there."""

SOON: Final = 60.0
"""Seconds in which a busy machine does what takes 10."""

LATE: Final = 150.0
"""Seconds in which a busy machine does what takes 75."""

AT_LEAST: Final = 5.0
"""Seconds for which strangers are there, after they are all up."""


@pytest.fixture(scope="module")
def edge(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Edge]:
    folder = tmp_path_factory.mktemp("edge")
    with bench.stub(folder) as stub_port, running(stub_port, folder, METRICS_PUBLISH_SECONDS=PATIENT) as edge:
        yield edge


@pytest.fixture(scope="module", autouse=True)
def patient(edge: Edge) -> Iterator[list[Crowd]]:
    """Send a few strangers beforehand whose end takes longer than all other tests."""
    with crowd(edge.port, Kind.SILENT, 50) as silent, crowd(edge.port, Kind.IDLE, 50) as idle:
        yield [silent, idle]


@pytest.mark.parametrize("kind", soaked([Kind.MIXED, *Kind.MIXED.members]), ids=lambda kind: kind.value)
def test_strangers_stop_nobody_and_leave_nothing_behind(edge: Edge, kind: Kind) -> None:
    family = Family(edge.process.pid)
    with honest(edge.port) as load:
        load.measure(1.5)
        sockets, memory = family.sockets, family.resident
        with crowd(edge.port, kind) as strangers:
            visits = visit_until_thrown_out(edge, strangers, kind)
            most = family.sockets
            seen = strangers.leave()
        grown = settle(family, sockets, memory)
        left = family.sockets
        answered = load.leave()
    assert answered.pop("202", 0) > 0
    assert answered == {DROPPED: 0}
    assert set(visits) == {200, 202}
    assert thrown_out(seen, kind)
    assert_treated_as_promised(seen, kind)
    assert most <= CONNECTIONS + SPARE
    assert left <= sockets + SPARE
    assert grown <= MEMORY


def test_a_full_edge_takes_new_connections_in_place_of_those_that_wait_longest(tmp_path: Path) -> None:
    with (
        bench.stub(tmp_path) as stub_port,
        running(stub_port, tmp_path, METRICS_PUBLISH_SECONDS=PATIENT) as edge,
        honest(edge.port) as load,
    ):
        family = Family(edge.process.pid)
        load.measure(1.0)
        with crowd(edge.port, Kind.SILENT, CONNECTIONS + 800) as strangers:
            ends = strangers.wait(lambda report: sum(report.ends.values()) > 800, SOON)
            visits = [visit(edge.port).got for visit in (visitor.health, visitor.report) for _ in range(5)]
            most = family.sockets
        answered = load.leave()
    assert ends
    assert most <= CONNECTIONS + SPARE
    assert visits == [200] * 5 + [202] * 5
    assert answered.pop("202", 0) > 0
    assert answered == {DROPPED: 0}


def test_connections_without_a_request_are_ended_after_a_while(patient: list[Crowd]) -> None:
    for strangers in patient:
        assert strangers.wait(lambda report: not any(report.first.values()), LATE)
        assert strangers.report.answers.keys() <= {"idle 202"}


def visit_until_thrown_out(edge: Edge, strangers: Crowd, kind: Kind) -> list[int | str]:
    """Ask for health and send reports until every stranger was treated as promised, or time is up."""
    visits: list[int | str] = []
    begun = time.monotonic()
    while (past := time.monotonic() - begun) < SOON:
        visits += [visitor.health(edge.port).got, visitor.report(edge.port).got]
        if past > AT_LEAST and (thrown_out(strangers.report, kind) or not set(visits) <= {200, 202}):
            break
        time.sleep(0.2)
    return visits


def thrown_out(seen: Report, kind: Kind) -> bool:
    """Say whether all of the first strangers that should be have been answered and ended."""
    ended = not any(seen.first[member.value] for member in kind.members if member.leaves_soon)
    idle = Kind.IDLE not in kind.members or seen.answers.get("idle 202", 0) >= STRANGERS // len(kind.members)
    return ended and idle


def assert_treated_as_promised(seen: Report, kind: Kind) -> None:
    """Hold each answer and each end to what the edge promises to this kind."""
    promised = {f"{member.value} {member.answer}" for member in kind.members if member.answer}
    assert seen.answers.keys() <= promised | {"idle 202"}
    for member in kind.members:
        closed, reset = (seen.ends.get(f"{member.value} {how}", 0) for how in ("closed", "reset"))
        answers = seen.answers.get(f"{member.value} 408", 0)
        if not member.leaves_soon:
            assert closed + reset == 0, member
        elif member.conduct.each_second:
            # A byte that crosses the end resets the connection, and may take the answer with it.
            assert 2 * answers >= closed + reset or not member.answer, member
        else:
            # Some have their answer and are still to see the end.
            assert closed + reset <= answers <= closed + reset + STRANGERS, member


def settle(family: Family, sockets: int, memory: float) -> float:
    """Wait until connections and memory are as before; return by how much the memory has grown, in MiB."""
    until = time.monotonic() + SOON / 2
    while time.monotonic() < until:
        if family.sockets <= sockets + SPARE and family.resident - memory <= MEMORY:
            break
        time.sleep(0.2)
    return family.resident - memory
