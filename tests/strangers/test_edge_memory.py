"""The worst bodies that the edge lets in, 600 at once while the stream refuses: its memory is bounded."""

from collections.abc import Callable
from pathlib import Path
from typing import Final

import pytest

from schemas.report import decode
from tests.benchmarks import edge as bench
from tests.benchmarks.stub import Mood
from tests.strangers import visitor
from tests.strangers.family import Family
from tests.strangers.small_bodies import BODIES, LIMIT
from tests.support.edge.edge import running
from tests.support.soak import soaked

AT_ONCE: Final = 600
PEAK: Final = 200.0
"""MiB that all processes of an edge together have resident at most."""

TASK: Final = 512 * 2**20
"""The memory of the edge's task, in bytes."""


@pytest.mark.parametrize("make", BODIES.values(), ids=BODIES)
def test_each_body_is_as_long_as_the_limit_allows_and_decodes(make: Callable[[int], bytes]) -> None:
    bodies = [make(salt) for salt in (0, 1, 99_999)]
    assert {len(body) for body in bodies} == {LIMIT}
    assert len(set(bodies)) == 3
    for body in bodies:
        assert decode(body)["salt"] in {0, 1, 99_999}


@pytest.mark.parametrize(
    ("mood", "limit"),
    soaked([(Mood.THROTTLE, TASK), (Mood.THROTTLE, None), (Mood.REFUSE, None), (Mood.HANG, None)]),
    ids=["throttle, RLIMIT_DATA", "throttle", "refuse", "hang"],
)
def test_the_edge_answers_them_all_in_little_memory(tmp_path: Path, mood: Mood, limit: int | None) -> None:
    with bench.stub(tmp_path, mood) as stub_port, running(stub_port, tmp_path) as edge:
        family = Family(edge.process.pid)
        if limit:
            family.limit_data(limit)
        processes = family.pids()
        for make in BODIES.values():
            visits = visitor.reports_at_once(edge.port, [make(salt) for salt in range(AT_ONCE)])
            assert [visit for visit in visits if not is_true(visit)] == []
        assert visitor.health(edge.port).got == 200
        assert family.pids() == processes
        assert family.peak <= PEAK


def is_true(visit: visitor.Visit) -> bool:
    """Say whether it got 202, or 503 with a Retry-After."""
    return visit.got == 202 or (visit.got == 503 and int(visit.retry_after or 0) >= 1)
