"""An even sample of a day's deployments that fits into memory, for rules about the whole day."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import polars as pl

from schemas.tables import REPORTS

if TYPE_CHECKING:
    from pathlib import Path

_LOOKED_AT: Final = 1_000_000

STUDIED_ROWS: Final = 4_000_000
"""A day with more reports is studied by a sample of about so many."""


def share_of(rows: int) -> float:
    """Return the share of a day of so many reports that is studied: 1 is all of it."""
    return min(1.0, STUDIED_ROWS / max(1, rows))


class Sample:
    """Keeps a `share` (0 to 1] of the reports: of each deployment all or none."""

    def __init__(self, folder: Path, share: float) -> None:
        self._folder = folder
        self._share = share
        self._below = int(share * (2**64 - 1))
        self._held: list[pl.DataFrame] = []
        self._files: list[Path] = []
        self._looked_at = 0

    def add(self, rows: pl.DataFrame) -> None:
        """Take reports."""
        self._held.append(rows if self._share == 1 else self._chosen(rows))
        self._looked_at += len(rows)
        if self._share < 1 and self._looked_at >= _LOOKED_AT:
            self._put_away()

    def take(self) -> pl.DataFrame:
        """Return what was kept, in any order, and forget it."""
        kept = [pl.DataFrame(schema=REPORTS.polars), *map(pl.read_parquet, self._files), *self._held]
        self._held.clear()
        return pl.concat(kept)

    def _chosen(self, rows: pl.DataFrame) -> pl.DataFrame:
        return rows.filter(pl.col("stack_id").hash(0) <= self._below)

    def _put_away(self) -> None:
        # Into a file and not into memory: a filtered column keeps the text of all the rows that it came from.
        path = self._folder / f"sample-{len(self._files):05d}.parquet"
        pl.concat(self._held).write_parquet(path, compression="zstd", compression_level=1)
        self._files.append(path)
        self._held.clear()
        self._looked_at = 0
