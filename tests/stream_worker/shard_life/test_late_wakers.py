"""An owner that wakes up late with records that the stream has forgotten, and the one that came after it."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import TYPE_CHECKING

import pytest

from stream_worker.lake.chain import Chain
from stream_worker.lake.committed import read_day
from stream_worker.lake.store import MemoryLake
from stream_worker.process.errors import OutageError
from stream_worker.process.limits import Limits
from stream_worker.shard_life.processor import Processor
from stream_worker.stream.records import START, Position
from tests.support import truth
from tests.support.soak import soaked
from tests.support.worker.samples import DAY, FIRST, MIDNIGHT, NOON, SHARD, body, records

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from stream_worker.stream.records import Records

LIMITS = Limits(100, 10**9, 60)
A_DAY = 86_400_000
TODAY = date.fromisoformat(DAY)


class AsleepError(BaseException):
    """It does not wake up."""


@dataclass(slots=True)
class Sleeper(MemoryLake):
    """An owner's lake: before its PUT number `left`, counted from 1, something else happens."""

    left: int = field(kw_only=True)
    meanwhile: Callable[[], None] = field(kw_only=True)

    def put_new(self, key: str, body: bytes, metadata: Mapping[str, str]) -> bool:
        self.left -= 1
        if self.left == 0:
            self.meanwhile()
        return MemoryLake.put_new(self, key, body, metadata)


def arrived(days: list[int]) -> Records:
    """Return records that arrive on these days; on the first two around the midnight between them."""
    near = {0: MIDNIGHT - 100, 1: MIDNIGHT + 100}
    arrivals = [near.get(day, NOON + day * A_DAY) + place for place, day in enumerate(days)]
    return records([body(place) for place in range(len(days))], arrivals=arrivals)


def own(lake: MemoryLake, held: Records, checkpointed: Position = START) -> None:
    """Settle the records as an owner that reads on from there, and falls by the wayside if it must."""
    processor = Processor(Chain(lake, SHARD), LIMITS, lambda _: None, checkpointed=checkpointed)
    processor.receive(held)
    processor.finish()


def settled(lake: MemoryLake) -> list[int]:
    """Return the records that are in the lake, each as often as it is there, by their number."""
    rows = [one for key in lake.keys("reports/live/") for one in truth.rows_of(lake, key)]
    return sorted(number - FIRST for _, number, _ in rows)


def audit(lake: MemoryLake) -> list[str]:
    days = [TODAY + timedelta(days=number) for number in range(-1, 8)]
    return [problem.what[:7] for day in days for problem in read_day(lake, "live", day).problems]


FORGOTTEN = 3
DAYS = [
    [0, 0, 0, 1, 1],
    [0, 1, 1, 2, 2],
    [0, 0, 1, 2, 5],
    [1, 0, 1, 2, 3],
    [0, 1, 0, 1, 0],
    [0, 0, 0, 0, 0],
]
STEPS = 10


@pytest.mark.parametrize("days", DAYS)
@pytest.mark.parametrize("before", soaked([1, 0]))
@pytest.mark.parametrize("step", range(1, STEPS))
@pytest.mark.parametrize("gap_is_known", [True, False])
def test_no_record_is_settled_twice_and_no_two_segments_go_on_from_one_place(
    days: list[int], before: int, step: int, *, gap_is_known: bool
) -> None:
    """One owner sleeps before any of its PUTs; the other reads what the stream has not forgotten by then."""
    held = arrived(days)
    lake = MemoryLake()
    own(lake, held[:before])
    checkpointed = held.position(FORGOTTEN - 1) if gap_is_known else START

    def meanwhile() -> None:
        own(lake, held[FORGOTTEN:], checkpointed)

    sleeper = Sleeper(lake.objects, left=step, meanwhile=meanwhile)
    try:
        own(sleeper, held)
    except OutageError as error:
        assert "has gone on behind these records" in str(error)  # noqa: PT017 - one of two right ends
    if sleeper.left > 0:
        meanwhile()
    found = settled(lake)
    assert found == sorted(set(found)), "a record is settled twice"
    assert set(found) >= {*range(before), *range(FORGOTTEN, len(days))}, (
        "a record is lost that the stream held"
    )
    assert "overlap" not in audit(lake)
    if gap_is_known and len(found) < len(days):
        assert "gap: no" in audit(lake)
    own(lake, held[FORGOTTEN:])
    assert settled(lake) == found
    if len(found) == len(days):
        truth.read(lake)


@pytest.mark.parametrize("days", DAYS)
@pytest.mark.parametrize("step", range(1, STEPS))
@pytest.mark.parametrize("second", soaked([1, 3, 2, 4], 2))
def test_owners_that_die_before_any_put_leave_a_chain_that_goes_on(
    days: list[int], step: int, second: int
) -> None:
    held, lake = arrived(days), MemoryLake()

    def die() -> None:
        raise AsleepError

    for left in (step, second, 0):
        sleeper = Sleeper(lake.objects, left=left, meanwhile=die)
        try:
            own(sleeper, held)
        except AsleepError:
            continue
    assert settled(lake) == list(range(len(days)))
    assert audit(lake) == []
    truth.read(lake)


def test_a_deployment_counts_once_where_a_late_waker_has_committed_in_between() -> None:
    held = records([body(0), body(1), body(1)], arrivals=[MIDNIGHT - 3, MIDNIGHT - 2, MIDNIGHT - 1])
    lake = MemoryLake()
    own(lake, held[:1])
    late = Sleeper(lake.objects, left=1, meanwhile=lambda: own(lake, held[:2]))
    own(late, held[2:], held.position(1))
    found = truth.read(lake)
    assert found.outcomes == {"accepted": 2, "duplicate": 1}
