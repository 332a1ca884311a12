"""What the lake holds of a shard's day: positions of rows and, where rejects have expired, counts alone.

Positions are padded text here (see `positions`).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import polars as pl

_NONE: Final = "~"  # sorts after every position


@dataclass(frozen=True, slots=True)
class ExpiredRange:
    """A shard's range, after one position and up to another: some of its `records` no longer have a row."""

    after: str
    last: str
    records: int


@dataclass(frozen=True, slots=True)
class ShardPositions:
    """The positions of rows and, in the shard's order, the ranges in which any may have had a reject."""

    positions: pl.Series
    expired: tuple[ExpiredRange, ...] = ()

    def without_row(self, positions: pl.Series) -> tuple[pl.Series, pl.Series]:
        """Return the positions without a row here: those that should have one; those in expired ranges."""
        stream, lake = (one.alias("position").to_frame() for one in (positions, self.positions))
        missing = stream.join(lake, on="position", how="anti")["position"]
        after = pl.Series([*(one.after for one in self.expired), _NONE], dtype=pl.String)
        last = pl.Series([*(one.last for one in self.expired), _NONE], dtype=pl.String)
        within = missing > after.gather(last.search_sorted(missing))
        return missing.filter(~within), missing.filter(within)

    def miscounted(self, positions: pl.Series, oldest: str | None) -> list[tuple[ExpiredRange, int]]:
        """Return each expired range whose count differs from that of these stream positions, and their count.

        Fewer are wrong only where the stream, which begins at `oldest`, still has the whole range.
        """
        ordered = positions.sort()
        found = []
        for one in self.expired:
            records = ordered.search_sorted(one.last, "right") - ordered.search_sorted(one.after, "right")
            whole = oldest is not None and oldest <= one.after
            if records > one.records or (whole and records < one.records):
                found.append((one, records))
        return found
