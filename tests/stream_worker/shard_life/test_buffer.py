from hypothesis import given
from hypothesis import strategies as st

from stream_worker.process.limits import Limits
from stream_worker.shard_life.buffer import Buffer, Oldest
from stream_worker.stream.records import Position
from tests.support.worker.samples import FIRST, MIDNIGHT, NOON, records

LIMITS = Limits(records=10, bytes=1_000, seconds=60)


def test_an_empty_buffer_is_never_due() -> None:
    assert not Buffer(LIMITS).due(1e9)


def test_enough_records_are_due() -> None:
    buffer = Buffer(LIMITS)
    buffer.add(records([b"{}"] * 9), 0)
    assert not buffer.due(0)
    buffer.add(records([b"{}"], first=9), 0)
    assert buffer.due(0)


def test_enough_bytes_are_due() -> None:
    buffer = Buffer(LIMITS)
    buffer.add(records([b"x" * 999]), 0)
    assert not buffer.due(0)
    buffer.add(records([b"x"], first=1), 0)
    assert buffer.due(0)


def test_the_oldest_record_decides_the_age() -> None:
    buffer = Buffer(LIMITS)
    buffer.add(records([b"{}"]), 100)
    buffer.add(records([b"{}"], first=1), 159)
    assert not buffer.due(159.9)
    assert buffer.due(160)
    buffer.drop(Position(FIRST))
    assert not buffer.due(160)


def test_a_change_of_day_is_due_at_once() -> None:
    buffer = Buffer(LIMITS)
    buffer.add(records([b"{}"], arrivals=[MIDNIGHT - 1]), 0)
    assert not buffer.due(0)
    buffer.add(records([b"{}"], first=1, arrivals=[MIDNIGHT]), 0)
    assert buffer.due(0)
    assert len(buffer.run()) == 1


@given(st.lists(st.integers(0, 7), max_size=6), st.integers(-1, 45))
def test_dropping_leaves_what_follows_in_order(sizes: list[int], through: int) -> None:
    buffer, total = Buffer(Limits(1_000, 10**6, 60)), 0
    for size in sizes:
        buffer.add(records([b"{}"] * size, first=total), 0)
        total += size
    buffer.drop(Position(FIRST + through))
    left = [str(FIRST + place) for place in range(total) if place > through]
    assert len(buffer) == len(left)
    assert not left or buffer.run().sequence_numbers == left


def test_an_empty_buffer_has_no_oldest_record() -> None:
    buffer = Buffer(LIMITS)
    assert buffer.oldest is None
    buffer.add(records([]), 5)
    assert buffer.oldest is None


def test_the_oldest_record_is_the_first_that_is_left() -> None:
    buffer = Buffer(LIMITS)
    buffer.add(records([b"{}"] * 3), 100)
    buffer.add(records([b"{}"] * 3, first=3), 150)
    assert buffer.oldest == Oldest(100, NOON)
    buffer.drop(Position(FIRST))
    assert buffer.oldest == Oldest(100, NOON + 1)
    buffer.drop(Position(FIRST + 2))
    assert buffer.oldest == Oldest(150, NOON + 3)
    buffer.clear()
    assert buffer.oldest is None


def test_half_of_the_bytes_are_committed_at_a_time() -> None:
    buffer = Buffer(Limits(records=100, bytes=800, seconds=10**6))
    buffer.add(records([b"x" * 100] * 9), 0)
    assert buffer.due(0)
    assert len(buffer.run()) == 4
