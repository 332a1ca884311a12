"""Padded positions: the positions of rows as text of one length, which sorts in the shard's order."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import polars as pl

from stream_worker.stream.records import Position

if TYPE_CHECKING:
    from stream_worker.stream.records import Records

_SEQUENCE_DIGITS: Final = 56
_SUB_DIGITS: Final = 10

PADDED_POSITION: Final = pl.concat_str(
    pl.col("sequence_number").str.zfill(_SEQUENCE_DIGITS),
    pl.col("sub_sequence_number").cast(pl.String).str.zfill(_SUB_DIGITS),
    separator="_",
).alias("position")
"""The padded position of each row of either table."""


def padded_position(position: Position) -> str:
    """Return a position as the rows' are padded."""
    return f"{position.sequence_number:0{_SEQUENCE_DIGITS}d}_{position.sub_sequence_number:0{_SUB_DIGITS}d}"


def position_of(padded: str) -> Position:
    """Return the position that was padded."""
    return Position.parse(padded)


def padded_positions(records: Records) -> pl.Series:
    """Return the padded positions of records."""
    columns = {
        "sequence_number": pl.Series(records.sequence_numbers, dtype=pl.String),
        "sub_sequence_number": pl.Series(records.sub_sequence_numbers, dtype=pl.Int64),
    }
    return pl.DataFrame(columns).select(PADDED_POSITION).to_series()


def first_row(rows: pl.DataFrame) -> tuple[str, str]:
    """Return shard id and position, as text, of the first of one or more rows of either table."""
    shard_id, padded = rows.select("shard_id", PADDED_POSITION).sort("shard_id", "position").row(0)
    return str(shard_id), str(position_of(padded))
