from __future__ import annotations

from datetime import date, timedelta

from stream_worker.lake.keys import SegmentKey
from stream_worker.lake.link import breaks, chains
from stream_worker.stream.records import Position
from tests.support.worker.samples import FIRST, SHARD

DAY = date(2026, 11, 22)


def key(start: int | None, day: date = DAY, shard: str = SHARD.shard_id) -> str:
    place = "start" if start is None else f"{FIRST + start:056d}"
    return f"reports/live/dt={day}/{SHARD.epoch}.{shard}.{place}.parquet"


def link(start: int | None, day: date = DAY) -> SegmentKey:
    found = SegmentKey.parse(key(start, day))
    assert found is not None
    return found


def test_links_are_ordered_by_shard_and_position_and_start_comes_first() -> None:
    other = SegmentKey.parse(key(3, shard="shardId-000000000001"))
    assert other is not None
    mixed = [link(20), other, link(None), link(10, DAY + timedelta(days=1))]
    assert chains(mixed) == {
        (SHARD.epoch, SHARD.shard_id): [mixed[2], mixed[3], mixed[0]],
        (SHARD.epoch, "shardId-000000000001"): [other],
    }


def ends(*pairs: tuple[SegmentKey, int]) -> dict[str, Position]:
    return {one.key: Position(FIRST + last) for one, last in pairs}


def test_a_whole_chain_has_no_breaks() -> None:
    one, two = link(None), link(9)
    assert list(breaks([one, two], DAY, ends((one, 9), (two, 12)))) == []


def test_a_gap_is_named_by_where_it_begins_and_an_overlap_by_where_the_second_does() -> None:
    one, two = link(None), link(9)
    (gap,) = breaks([one, two], DAY, ends((one, 5)))
    assert (gap.what[:3], gap.position, gap.key) == ("gap", str(Position(FIRST + 5)), two.key)
    (overlap,) = breaks([one, two], DAY, ends((one, 11)))
    assert (overlap.what[:7], overlap.position) == ("overlap", str(Position(FIRST + 9)))


def test_a_chain_that_begins_in_the_middle_has_a_gap_unless_that_was_before_the_day() -> None:
    assert [problem.key for problem in breaks([link(4)], DAY, {})] == [key(4)]
    assert list(breaks([link(4, DAY - timedelta(days=1))], DAY, {})) == []
