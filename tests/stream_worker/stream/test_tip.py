"""The tip, under each reading of MillisBehindLatest, and drains against a Kinesis that has it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from stream_worker.days.completeness import Completeness, Proof
from stream_worker.lake.store import MemoryLake
from stream_worker.process.limits import Limits
from stream_worker.stream.kinesis import KinesisStream
from stream_worker.stream.tip import Mark, Tip
from tests.support import truth
from tests.support.worker.past_days import DAY, MIDNIGHT, NOON, drain, set_clock
from tests.support.worker.polling import engine, put

if TYPE_CHECKING:
    from collections.abc import Callable

    from mypy_boto3_kinesis import KinesisClient

    from tests.conftest import Cloud

SHARD = "shardId-000000000000"


def present(_: int, records: int) -> int:
    """Count from the present, as Kinesis: 0 at the tip, or some pages after it."""
    return 0 if not records else 60_000


def growing(pages: int, _: int) -> int:
    """Grow on an idle shard, and never be 0."""
    return 1_000 + pages * 200


def stuck(_: int, __: int) -> int:
    """Be above 0 for an idle shard."""
    return 1_700


def newest(_: int, __: int) -> int:
    """Count from the newest record, when all have come in one millisecond: always 0."""
    return 0


@dataclass
class Telling:
    """A client whose MillisBehindLatest is another's; with `hook`, something happens after each read."""

    kinesis: KinesisClient
    reading: Callable[[int, int], int]
    hook: Callable[[], object] = lambda: None
    pages: int = 0

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - whatever the client has
        return getattr(self.kinesis, name)

    def get_records(self, **arguments: Any) -> Any:  # noqa: ANN401 - the client's own
        page = self.kinesis.get_records(**arguments)
        self.pages += 1
        page["MillisBehindLatest"] = self.reading(self.pages, len(page["Records"]))
        self.hook()
        return page


READINGS = pytest.mark.parametrize("reading", [present, growing, stuck, newest])


@READINGS
def test_a_drain_ends_and_has_every_record(
    cloud: Cloud, stream: str, reading: Callable[[int, int], int]
) -> None:
    lake, acknowledged = MemoryLake(), put(cloud, stream, range(40))
    engine(Telling(cloud.kinesis, reading), stream, lake).run()  # type: ignore[arg-type] # stands in for the client
    assert truth.read(lake).positions == sorted(acknowledged)


@READINGS
def test_a_drain_of_a_shard_that_never_rests_ends_after_what_was_there(
    cloud: Cloud, stream: str, reading: Callable[[int, int], int]
) -> None:
    lake, acknowledged = MemoryLake(), put(cloud, stream, range(30))
    numbers = iter(range(100, 10_000))
    telling = Telling(cloud.kinesis, reading, lambda: put(cloud, stream, [next(numbers)]))
    engine(telling, stream, lake, Limits(20, 10**9, 10**6)).run()  # type: ignore[arg-type] # as above
    assert set(acknowledged) <= set(truth.read(lake).positions)
    assert telling.pages < 40


@READINGS
def test_a_day_is_proved_on_an_idle_shard(
    cloud: Cloud, one_shard: str, reading: Callable[[int, int], int]
) -> None:
    lake = MemoryLake()
    set_clock(cloud, one_shard, NOON)
    put(cloud, one_shard, range(20))
    telling = Telling(cloud.kinesis, reading)
    drain(cloud, one_shard, lake)
    asked = Completeness(
        KinesisStream(telling, one_shard),  # type: ignore[arg-type] # as above
        lake,
        timedelta(seconds=60),
        now=lambda: MIDNIGHT + timedelta(hours=1),
        pause=lambda _: None,
    )
    (found,) = asked.prove(DAY)
    assert found.proof is Proof.TIP


def test_empty_pages_that_come_nearer_are_not_the_tip() -> None:
    tip = Tip()
    assert not any(tip.reached(0, 100_000 - page) for page in range(100))
    assert not tip.reached(5, 0)
    assert tip.reached(0, 0)


def test_an_idle_shard_is_at_its_tip_after_empty_pages_that_come_no_nearer() -> None:
    tip = Tip()
    reached = [tip.reached(0, 3_000 + page) for page in range(12)]
    assert reached == [False] * 10 + [True] * 2
    assert not tip.reached(1, 3_000)
    assert not tip.reached(0, 3_000)


def test_a_mark_is_passed_by_the_first_record_after_it_and_by_none_before(cloud: Cloud, stream: str) -> None:
    before = put(cloud, stream, range(3))
    mark = Mark(KinesisStream(cloud.kinesis, stream), SHARD)
    assert not mark.passed(before[-1][1])
    after = put(cloud, stream, range(2))
    assert not mark.passed(before[-1][1])
    assert mark.passed(after[0][1])
