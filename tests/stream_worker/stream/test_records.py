from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stream_worker.stream.records import START, Position, Records
from tests.support.worker.samples import FIRST, MIDNIGHT, NOON, records

positions = st.builds(Position, st.integers(1, 10**56 - 1), st.integers(0, 500))


@given(positions)
def test_a_position_is_read_back_from_its_text(position: Position) -> None:
    assert Position.parse(str(position)) == position


def test_positions_compare_in_the_shards_order_where_their_texts_do_not() -> None:
    ordered = [START, Position(FIRST), Position(FIRST, 2), Position(FIRST, 10), Position(FIRST + 1)]
    texts = [str(position) for position in ordered]
    assert sorted(texts) == [texts[1], texts[3], texts[2], texts[4], texts[0]]
    assert sorted(Position.parse(text) for text in sorted(texts)) == ordered


def test_start_is_before_every_record_and_says_so() -> None:
    assert str(START) == "start"
    assert Position.parse("start") == START < Position(1)


@pytest.mark.parametrize("text", ["", "end", "12x", "1_x"])
def test_text_that_is_not_a_position_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="invalid literal"):
        Position.parse(text)


def test_a_day_is_the_utc_date_of_arrival() -> None:
    found = records([b"{}"] * 2, arrivals=[MIDNIGHT - 1, MIDNIGHT])
    assert (found.day(0), found.day(1)) == (date(2026, 11, 22), date(2026, 11, 23))


@given(st.integers(0, 20), st.integers(-2, 25))
def test_after_leaves_what_follows_a_position(length: int, through: int) -> None:
    found = records([b"{}"] * length).after(Position(FIRST + through))
    assert found.sequence_numbers == [str(FIRST + place) for place in range(length) if place > through]


def test_after_keeps_the_rest_of_an_aggregate() -> None:
    aggregate = Records([b"a", b"b", b"c"], ["k"] * 3, ["7"] * 3, [0, 1, 2], [NOON] * 3)
    assert aggregate.after(Position(7, 1)).bodies == [b"c"]


def test_a_run_ends_at_the_first_record_of_another_day() -> None:
    found = records([b"{}"] * 4, arrivals=[NOON, MIDNIGHT - 1, MIDNIGHT, MIDNIGHT - 1])
    assert len(found.run(100, 100)) == 2


def test_a_run_keeps_both_limits_and_has_one_record_at_least() -> None:
    found = records([b"x" * 10] * 5)
    assert [len(found.run(3, 1000)), len(found.run(100, 25)), len(found.run(100, 1))] == [3, 2, 1]
