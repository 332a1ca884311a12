"""What the lake holds of a shard's day: the places of rows and, where rejects have expired, counts alone."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import polars as pl

_NONE: Final = "~"  # after every place


@dataclass(frozen=True, slots=True)
class Stretch:
    """A stretch of a shard, after one place and up to another: some of its `records` have no row any more."""

    after: str
    last: str
    records: int


@dataclass(frozen=True, slots=True)
class Held:
    """The places of rows, and stretches in the shard's order, in which any place may have had a reject."""

    places: pl.Series
    stretches: tuple[Stretch, ...] = ()

    def without_row(self, places: pl.Series) -> tuple[pl.Series, pl.Series]:
        """Return the places that have no row here: those that should have one, and those in stretches."""
        stream, lake = (one.alias("place").to_frame() for one in (places, self.places))
        missing = stream.join(lake, on="place", how="anti")["place"]
        after = pl.Series([*(one.after for one in self.stretches), _NONE], dtype=pl.String)
        last = pl.Series([*(one.last for one in self.stretches), _NONE], dtype=pl.String)
        within = missing > after.gather(last.search_sorted(missing))
        return missing.filter(~within), missing.filter(within)

    def miscounted(self, places: pl.Series, oldest: str | None) -> list[tuple[Stretch, int]]:
        """Return each stretch that a stream with these places has more records of, or fewer; and how many.

        Fewer are wrong only where the stream, whose `oldest` place this is, still has all of a stretch.
        """
        ordered = places.sort()
        found = []
        for one in self.stretches:
            records = ordered.search_sorted(one.last, "right") - ordered.search_sorted(one.after, "right")
            whole = oldest is not None and oldest <= one.after
            if records > one.records or (whole and records < one.records):
                found.append((one, records))
        return found
