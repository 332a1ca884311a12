"""Places: the positions of rows as text of one length, whose order is the shard's."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import polars as pl

from stream_worker.stream.records import Position

if TYPE_CHECKING:
    from stream_worker.stream.records import Records

_SEQUENCE_DIGITS: Final = 56
_SUB_DIGITS: Final = 10

PLACE: Final = pl.concat_str(
    pl.col("sequence_number").str.zfill(_SEQUENCE_DIGITS),
    pl.col("sub_sequence_number").cast(pl.String).str.zfill(_SUB_DIGITS),
    separator="_",
).alias("place")
"""The place of each row of either table."""


def place_of(position: Position) -> str:
    """Return the place that a row at the position has."""
    return f"{position.sequence_number:0{_SEQUENCE_DIGITS}d}_{position.sub_sequence_number:0{_SUB_DIGITS}d}"


def position_of(place: str) -> Position:
    """Return the position that a place stands for."""
    return Position.parse(place)


def places_of(records: Records) -> pl.Series:
    """Return the places of records."""
    columns = {
        "sequence_number": pl.Series(records.sequence_numbers, dtype=pl.String),
        "sub_sequence_number": pl.Series(records.sub_sequence_numbers, dtype=pl.Int64),
    }
    return pl.DataFrame(columns).select(PLACE).to_series()


def first_row(rows: pl.DataFrame) -> tuple[str, str]:
    """Return shard id and position, as text, of the first of some rows of either table: one at least."""
    shard_id, place = rows.select("shard_id", PLACE).sort("shard_id", "place").row(0)
    return str(shard_id), str(position_of(place))
