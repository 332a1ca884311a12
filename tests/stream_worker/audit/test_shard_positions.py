"""Where rejects have expired, the stream and the lake are compared by count."""

from __future__ import annotations

import polars as pl

from stream_worker.audit.shard_positions import ExpiredRange, ShardPositions

FIRST, SECOND = ExpiredRange("10", "20", 5), ExpiredRange("20", "30", 3)
ROWS = pl.Series(["01", "12", "13", "24", "31"])
STREAM = ["01", "12", "13", "14", "15", "20", "21", "24", "30", "31"]


def without_row(held: ShardPositions, positions: list[str]) -> tuple[list[str], list[str]]:
    missing, counted = held.without_row(pl.Series(positions, dtype=pl.String))
    return missing.to_list(), counted.to_list()


def test_a_position_without_a_row_is_missing() -> None:
    assert without_row(ShardPositions(ROWS), ["01", "05", "13", "32"]) == (["05", "32"], [])
    assert without_row(ShardPositions(ROWS), []) == ([], [])


def test_a_position_in_an_expired_range_may_have_had_a_reject() -> None:
    held = ShardPositions(ROWS, (FIRST, SECOND))
    assert without_row(held, STREAM) == ([], ["14", "15", "20", "21", "30"])
    assert without_row(held, ["10", "11", "20", "30", "32"]) == (["10", "32"], ["11", "20", "30"])
    apart = ShardPositions(ROWS, (FIRST, ExpiredRange("25", "30", 1)))
    assert without_row(apart, ["21", "25", "26"]) == (["21", "25"], ["26"])


def test_an_expired_range_of_as_many_records_is_well() -> None:
    held = ShardPositions(ROWS, (FIRST, SECOND))
    assert held.miscounted(pl.Series(STREAM), "") == []


def test_more_records_than_an_expired_range_counts_are_reported() -> None:
    held = ShardPositions(ROWS, (FIRST, SECOND))
    assert held.miscounted(pl.Series([*STREAM, "16"]), "15") == [(FIRST, 6)]


def test_fewer_are_reported_where_the_stream_still_has_the_whole_range() -> None:
    held = ShardPositions(ROWS, (FIRST, SECOND))
    fewer = pl.Series([position for position in STREAM if position not in {"14", "21"}])
    assert held.miscounted(fewer, "01") == [(FIRST, 4), (SECOND, 2)]
    assert held.miscounted(fewer, "12") == [(SECOND, 2)]
    assert held.miscounted(fewer.clear(), None) == []
