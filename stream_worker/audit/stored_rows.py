"""Reads an object that should hold rows; damage is returned, not raised."""

from __future__ import annotations

import io
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import polars as pl
from polars.exceptions import PanicException, PolarsError

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

    from schemas.tables import Table

_NOT_PARQUET: Final = (PolarsError, PanicException, OSError, ValueError)
"""Polars fails in many ways on bytes that are not Parquet, a panic among them."""

_POSITION_COLUMNS: Final = ("shard_id", "sequence_number", "sub_sequence_number", "arrived_at")
_HAS_POSITION: Final = (
    pl.col("shard_id").is_not_null()
    & pl.col("arrived_at").is_not_null()
    & pl.col("sequence_number").str.contains(r"^\d{1,56}$").fill_null(value=False)
    & pl.col("sub_sequence_number").is_between(0, 2**32).fill_null(value=False)
)


@dataclass(frozen=True, slots=True)
class Stored:
    """The rows, None if they cannot be read, and what is wrong with the object, None if nothing is."""

    rows: pl.DataFrame | None
    damage: str | None = None


def read_stored(
    body: bytes | None, table: Table, intact: Callable[[bytes], bool], columns: Collection[str] = ()
) -> Stored:
    """Read a Parquet object of a table; `body` is None if there is no object; `intact` checks its digest.

    Bytes other than those written are not decoded: a few thousand can unpack to gigabytes.

    The rows have their position, `arrived_at` and these `columns`. No others are decoded: bodies take many
    times their size in the file.
    """
    if body is None:
        return Stored(None, "missing: the object does not exist")
    if not intact(body):
        return Stored(None, "damaged: not the bytes that were written")
    try:
        schema = pl.read_parquet_schema(io.BytesIO(body))
        read = [name for name in schema if name in _POSITION_COLUMNS or name in columns]
        rows = pl.read_parquet(io.BytesIO(body), columns=read)
    except _NOT_PARQUET:
        return Stored(None, "unreadable: not a whole Parquet file")
    if schema != table.polars:
        return Stored(None, f"unreadable: not the columns of {table.name}")
    if not rows.select(_HAS_POSITION).to_series().all():
        return Stored(None, "unreadable: rows without a position or an arrival")
    return Stored(rows)
