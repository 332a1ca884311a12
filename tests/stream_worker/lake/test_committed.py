"""What is committed of a day is read whole, and what is missing or foreign is named."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from stream_worker.lake.chain import Chain
from stream_worker.lake.committed import days, digest_of, read_day
from stream_worker.lake.keys import SegmentKey
from stream_worker.lake.segment import OUTCOMES, Summary
from stream_worker.lake.signpost import is_signpost
from stream_worker.lake.store import MemoryLake
from stream_worker.process.limits import Limits
from stream_worker.shard_life.processor import Processor
from stream_worker.stream.records import START, Position, Records
from tests.support.worker.samples import FORGED, MALFORMED, MIDNIGHT, NOON, SHARD, body, records
from tests.support.worker.sealing import OTHER

if TYPE_CHECKING:
    from collections.abc import Iterator

    from stream_worker.lake.store import Lake

DAY = date(2026, 11, 22)
NEXT, BEFORE = DAY + timedelta(days=1), DAY - timedelta(days=1)


def filled(arrivals: list[int], generation: str = "live", size: int = 1) -> MemoryLake:
    """Return a lake with a record for each arrival, and a segment for `size` records of a day."""
    lake = MemoryLake()
    add(lake, arrivals, generation, size)
    return lake


def add(lake: MemoryLake, arrivals: list[int], generation: str = "live", size: int = 1) -> None:
    processor = Processor(Chain(lake, SHARD, generation), Limits(size, 10**9, 9), lambda _: None)
    processor.receive(records([body(n) for n in range(len(arrivals))], 0, arrivals))
    processor.finish()


def lose(lake: MemoryLake, place: int) -> None:
    """Remove the segment at a place of the chain."""
    start = "start" if place == 0 else str(records([b""], first=place - 1).position(0))
    (key,) = (key for key in lake.keys("reports/") if f".{start}." in key and not is_signpost(of(lake, key)))
    lake.delete([key])


def of(lake: MemoryLake, key: str) -> Summary:
    return Summary.parse(lake.metadata(key))


def test_segments_that_begin_at_the_members_2_and_10_of_an_aggregate_are_in_the_shards_order() -> None:
    lake, members = MemoryLake(), range(12)
    aggregate = Records([body(n) for n in members], ["k"] * 12, ["7"] * 12, list(members), [NOON] * 12)
    processor = Processor(Chain(lake, SHARD), Limits(1, 10**9, 9), lambda _: None)
    processor.receive(aggregate)
    processor.finish()
    found = read_day(lake, "live", DAY)
    ends = [segment.summary.last for segment in found.segments]
    assert ends == [Position(7, member) for member in members]
    assert found.problems == []
    assert Chain(lake, SHARD).tail().end == Position(7, 11)


def test_a_day_has_its_segments_of_all_shards_in_order_and_their_sums() -> None:
    lake = filled([NOON + n for n in range(5)], size=2)
    processor = Processor(Chain(lake, OTHER), Limits(9, 10**9, 9), lambda _: None)
    processor.receive(records([body(1), body(1), FORGED, MALFORMED], 100))
    processor.finish()
    found = read_day(lake, "live", DAY)
    assert [one.link.shard_id for one in found.segments] == [SHARD.shard_id] * 3 + [OTHER.shard_id]
    assert [one.summary.records for one in found.segments] == [2, 2, 1, 4]
    assert found.outcomes == {"accepted": 6, "malformed": 1, "invalid": 0, "fraud": 1, "duplicate": 1}
    assert found.problems == []
    assert [one.rejects for one in found.segments[:3]] == [None] * 3
    assert found.segments[3].rejects in lake.objects


def test_a_day_of_which_nothing_is_known_is_empty_and_has_no_problems() -> None:
    found = read_day(filled([MIDNIGHT]), "live", DAY)
    assert (found.segments, found.problems, found.outcomes["accepted"]) == ([], [], 0)


def test_a_lake_whose_chains_have_no_signposts_is_as_whole() -> None:
    lake = filled([MIDNIGHT - 1, MIDNIGHT + 3, MIDNIGHT - 1, MIDNIGHT + 3])
    signposts = [key for key in lake.keys("reports/") if is_signpost(of(lake, key))]
    assert len(signposts) == 3
    found = [read_day(lake, "live", day) for day in (DAY, NEXT)]
    assert set(signposts) == {key for one in found for key in one.signposts}
    lake.delete(signposts)
    for before, day in zip(found, (DAY, NEXT), strict=True):
        after = read_day(lake, "live", day)
        assert (after.segments, after.problems) == (before.segments, [])


@pytest.mark.parametrize("lost", [1, 2, 3])
def test_every_lost_segment_of_the_day_is_a_gap_though_stragglers_stand_around_it(lost: int) -> None:
    before, day = MIDNIGHT - 86_400_000 - 5, MIDNIGHT - 86_400_000 + 5
    lake = filled([before, before, day, before, day, day])
    whole = read_day(lake, "live", DAY)
    assert whole.problems == []
    lose(lake, lost)
    assert [problem.what[:3] for problem in read_day(lake, "live", DAY).problems] == ["gap"]


@pytest.mark.parametrize("lost", [1, 2, 3, 4])
def test_a_lost_straggler_after_midnight_is_a_gap(lost: int) -> None:
    lake = filled([MIDNIGHT - 1, MIDNIGHT - 1, MIDNIGHT + 3, MIDNIGHT - 1, MIDNIGHT + 3, MIDNIGHT + 3])
    lose(lake, lost)
    assert [problem.what[:3] for problem in read_day(lake, "live", DAY).problems] == ["gap"]


def test_a_gap_far_from_its_midnights_is_another_days() -> None:
    hours = 3_600_000
    arrivals = [NOON, MIDNIGHT + hours, MIDNIGHT + 2 * hours, MIDNIGHT + 3 * hours, MIDNIGHT + 4 * hours]
    lake = filled(arrivals)
    lose(lake, 3)
    assert read_day(lake, "live", DAY).problems == []
    assert len(read_day(lake, "live", NEXT).problems) == 1


def test_the_link_before_a_quiet_week_is_found() -> None:
    week = 7 * 86_400_000
    lake = filled([NOON - week, NOON, NOON + 1])
    assert read_day(lake, "live", DAY).problems == []
    lose(lake, 1)
    (gap,) = read_day(lake, "live", DAY).problems
    assert gap.position == str(records([b""]).position(0))


def test_a_chain_whose_past_has_expired_begins_with_a_gap() -> None:
    lake = filled([NOON - 86_400_000 * 9, NOON])
    lose(lake, 0)
    assert [problem.what[:3] for problem in read_day(lake, "live", DAY).problems] == ["gap"]


@pytest.mark.parametrize("day", ["before", "day", "after"])
def test_foreign_objects_are_named_on_their_own_day_alone(day: str) -> None:
    lake = filled([NOON - 86_400_000, NOON, NOON + 86_400_000])
    of = {"before": BEFORE, "day": DAY, "after": NEXT}[day]
    name = f"{SHARD.epoch}.{SHARD.shard_id}.{'9' * 56}.parquet"
    for foreign in ("_SUCCESS", "17.shard.parquet", name):
        lake.objects[f"reports/live/dt={of}/{foreign}"] = (b"", {"last": "nonsense"})
    found = [problem for problem in read_day(lake, "live", DAY).problems if problem.what[:7] == "foreign"]
    assert len(found) == (3 if day == "day" else 0)
    assert len(read_day(lake, "live", DAY).segments) == 1


def test_the_fingerprint_is_that_of_the_segments_wherever_they_are_kept() -> None:
    arrivals = [NOON + n for n in range(5)]
    one, other = (
        read_day(filled(arrivals, generation), generation, DAY).segments
        for generation in ("live", "replay/run=a")
    )
    assert digest_of(one) == digest_of(other)
    assert len({digest_of(one), digest_of(one[:-1]), digest_of(one[::-1]), digest_of([])}) == 4


def test_days_are_folders_with_a_date_and_others_are_passed_over() -> None:
    lake = filled([NOON, NOON + 86_400_000])
    for folder in ("dt=nonsense", "dt=2026-13-45", "dt=20261122", "tmp", "dt="):
        lake.objects[f"reports/live/{folder}/x"] = (b"", {})
    assert days(lake, "live") == [DAY, NEXT]


def put_chain(lake: MemoryLake, arrivals: list[int], first: int = 0) -> None:
    """Put a segment without rows for each arrival: read_day looks at keys and metadata alone."""
    numbers = records([b""] * len(arrivals))
    for row in range(first, len(arrivals)):
        start = numbers.position(row - 1) if row else START
        outcomes = {outcome: int(outcome == "accepted") for outcome in OUTCOMES}
        summary = Summary(numbers.position(row), outcomes, arrivals[row], arrivals[row], "", "", "1", "1")
        day = date(1970, 1, 1) + timedelta(milliseconds=arrivals[row])
        key = SegmentKey("live", day, SHARD.epoch, SHARD.shard_id, start).key
        assert lake.put_new(key, b"", summary.metadata)


A_DAY = 86_400_000
LATE = st.integers(-30, 30)  # milliseconds out of order
TIMES = st.tuples(st.sampled_from([n * A_DAY // 2 for n in range(7)]), LATE).map(sum)
AROUND_MIDNIGHTS = st.lists(TIMES, min_size=1, max_size=8).map(
    lambda times: [MIDNIGHT + time for time in sorted(times, key=lambda time: (time + 40) // 80)]
)
"""Arrivals at noons and midnights of four days, in any order where they are closer than 80 ms."""

DAYS = [DAY + timedelta(days=n) for n in range(-1, 5)]


def problems(lake: Lake) -> list[str]:
    return [str(problem) for day in DAYS for problem in read_day(lake, "live", day).problems]


@given(arrivals=AROUND_MIDNIGHTS)
@example(
    arrivals=[MIDNIGHT - 10, MIDNIGHT + 5, MIDNIGHT - 5, MIDNIGHT + A_DAY // 2, MIDNIGHT + 3 * A_DAY // 2]
)
@example(arrivals=[MIDNIGHT + 5, MIDNIGHT - 5, MIDNIGHT + A_DAY + 5])
@example(arrivals=[MIDNIGHT + 5, MIDNIGHT - 5, MIDNIGHT + A_DAY + 5, MIDNIGHT + A_DAY - 5])
def test_stragglers_at_any_midnight_are_no_problem_of_any_day(arrivals: list[int]) -> None:
    lake = MemoryLake()
    put_chain(lake, arrivals)
    assert problems(lake) == []
    held = [one for day in DAYS for one in read_day(lake, "live", day).segments]
    assert len(held) == len(arrivals)


@given(arrivals=AROUND_MIDNIGHTS.filter(lambda arrivals: len(arrivals) > 1), data=st.data())
def test_any_lost_segment_but_the_last_is_a_problem_of_some_day(
    arrivals: list[int], data: st.DataObject
) -> None:
    lake = MemoryLake()
    put_chain(lake, arrivals)
    lose(lake, data.draw(st.integers(0, len(arrivals) - 2)))
    found = problems(lake)
    assert found
    assert all(problem.startswith("gap") for problem in found)


@given(arrivals=AROUND_MIDNIGHTS, data=st.data())
def test_what_is_committed_between_the_listings_of_two_days_is_no_gap(
    arrivals: list[int], data: st.DataObject
) -> None:
    lake = MemoryLake()
    committed = data.draw(st.integers(0, len(arrivals)))
    put_chain(lake, arrivals[:committed])

    class Beside(MemoryLake):
        """The lake as a reader sees it; with each listing a worker commits some more."""

        def keys(self, prefix: str) -> Iterator[str]:
            nonlocal committed
            found = list(MemoryLake.keys(self, prefix))
            more = min(len(arrivals), committed + data.draw(st.integers(0, 3)))
            put_chain(lake, arrivals[:more], committed)
            committed = more
            return iter(found)

    assert problems(Beside(lake.objects)) == []
