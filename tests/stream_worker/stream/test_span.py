from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

from stream_worker.stream.span import Span
from tests.support.worker.samples import MIDNIGHT, body, records

DAY, NEXT = date(2026, 11, 22), date(2026, 11, 23)
SPAN = Span(DAY, DAY, timedelta(seconds=60))


def test_its_bounds_are_midnights_and_the_grace_lies_around_them() -> None:
    assert (SPAN.start, SPAN.end) == (MIDNIGHT - 86_400_000, MIDNIGHT)
    assert SPAN.since == datetime(2026, 11, 21, 23, 59, tzinfo=UTC)
    assert SPAN.over == datetime(2026, 11, 23, 0, 1, tzinfo=UTC)
    assert list(Span(DAY, NEXT, timedelta()).days) == [DAY, NEXT]
    assert list(Span(date(2024, 2, 28), date(2024, 3, 1), timedelta()).days)[1] == date(2024, 2, 29)


def test_a_record_belongs_to_it_by_its_arrival_to_the_millisecond() -> None:
    arrivals = [SPAN.start - 1, SPAN.end - 1, SPAN.end, SPAN.start, SPAN.end + 59_999]
    found = SPAN.of(records([body(number) for number in range(5)], 0, arrivals))
    assert found.arrivals == [SPAN.end - 1, SPAN.start]
    assert found.bodies == [body(1), body(3)]
    assert found.partition_keys == ["key-1", "key-3"]
    assert len(found.sequence_numbers) == len(found.sub_sequence_numbers) == 2


def test_records_that_all_belong_to_it_are_the_same_object() -> None:
    held = records([body(1)])
    assert SPAN.of(held) is held


def test_it_is_passed_by_a_record_that_arrived_the_grace_after_it() -> None:
    assert not SPAN.passed(records([body(1)], 0, [SPAN.end + 59_999]))
    assert SPAN.passed(records([body(1), body(2)], 0, [SPAN.end + 60_000, SPAN.end]))
    assert not SPAN.passed(records([]))
