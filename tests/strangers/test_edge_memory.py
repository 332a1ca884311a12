"""The worst bodies that the edge lets in, 600 at once while the stream refuses: its memory is bounded."""

from collections.abc import Callable
from pathlib import Path
from typing import Final

import pytest

from schemas.report import decode
from tests.ingest_api.edge import Answer, Edge, running
from tests.ingest_api.kinesis_stub import KinesisStub, Mood, serving
from tests.strangers.family import Family
from tests.strangers.small_bodies import BODIES, LIMIT

AT_ONCE: Final = 600
PEAK: Final = 200.0
"""MiB that all processes of an edge together have resident at most."""

TASK: Final = 512 * 2**20
"""The memory of the edge's task, in bytes."""


@pytest.mark.parametrize("make", BODIES.values(), ids=BODIES)
def test_each_body_is_as_long_as_the_limit_allows_and_decodes(make: Callable[[int], bytes]) -> None:
    bodies = [make(salt) for salt in (0, 1, 99_999)]
    assert {len(body) for body in bodies} == {LIMIT}
    assert len({str(decode(body)) for body in bodies}) == 3


@pytest.mark.parametrize("limit", [None, TASK], ids=["unlimited", "RLIMIT_DATA"])
def test_the_edge_answers_them_all_in_little_memory(tmp_path: Path, limit: int | None) -> None:
    stub = KinesisStub()
    with serving(stub), running(stub.port, tmp_path) as edge:
        family = Family(edge.process.pid)
        if limit:
            family.limit_data(limit)
        processes = family.pids()
        for make in BODIES.values():
            post_all(edge, stub, Mood.THROTTLE, make)
        for mood in (Mood.REFUSE_ALL, Mood.HANG):
            post_all(edge, stub, mood, BODIES["nested objects"])
        stub.mood = Mood.TAKE
        assert edge.post(BODIES["escapes"](0)).status == 202
        assert family.pids() == processes
        assert family.peak <= PEAK


def post_all(edge: Edge, stub: KinesisStub, mood: Mood, make: Callable[[int], bytes]) -> None:
    """Send bodies of one kind at the same time, to a stream in this mood."""
    stub.mood = mood
    answers = edge.post_all([make(salt) for salt in range(AT_ONCE)])
    assert [answer for answer in answers if not is_true(answer)] == []


def is_true(answer: Answer) -> bool:
    """Say whether it is 202, or 503 with a Retry-After."""
    return answer.status == 202 or (answer.status == 503 and int(answer.headers["retry-after"]) >= 1)
