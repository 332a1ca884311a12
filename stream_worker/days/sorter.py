"""Sorts a day's reports by `stack_id`, however many there are, in bounded memory."""

from __future__ import annotations

import math
from itertools import pairwise
from typing import TYPE_CHECKING, Final

import polars as pl

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

PART_ROWS: Final = 2_000_000
"""Rows in memory at a time, and rows of a part: some 300 bytes each, twice that while they are sorted."""

_MARK_EVERY: Final = 1_024
_ROW_GROUP: Final = 32_768  # in the folder's files: the least that is read of each file for a part


class Sorter:
    """Takes rows in any order and returns them sorted, in parts; spills into `folder` beyond one part.

    The folder needs some 60 bytes per row. Its owner removes the files.
    """

    def __init__(self, folder: Path, part_rows: int = PART_ROWS) -> None:
        self._folder = folder
        self._part_rows = part_rows
        self._held: list[pl.DataFrame] = []
        self._files: list[Path] = []
        self._marks: list[str] = []
        self._rows = 0

    @property
    def parts_expected(self) -> int:
        """The largest number of parts that the rows added so far can make; at least one."""
        return max(1, math.ceil(self._rows / self._part_rows))

    def add(self, rows: pl.DataFrame) -> None:
        """Take rows with a column `stack_id`."""
        self._held.append(rows)
        self._rows += len(rows)
        if sum(map(len, self._held)) >= self._part_rows:
            self._spill()

    def parts(self) -> Iterator[pl.DataFrame]:
        """Yield the rows sorted by `stack_id`, part by part; equal ones share a part, in any order.

        The parts' bounds depend only on the rows and on the order in which they were added.
        """
        if not self._files:
            if self._held:
                yield self._take_held()
            return
        if self._held:
            self._spill()
        for low, high in self._bounds():
            within = pl.lit(value=True) if low is None else pl.col("stack_id") >= low
            if high is not None:
                within &= pl.col("stack_id") < high
            part = pl.scan_parquet(self._files).filter(within).collect()
            if len(part):
                yield part.sort("stack_id")

    def _take_held(self) -> pl.DataFrame:
        rows = pl.concat(self._held, rechunk=True).sort("stack_id")
        self._held.clear()
        return rows

    def _spill(self) -> None:
        rows = self._take_held()
        path = self._folder / f"{len(self._files):05d}.parquet"
        rows.write_parquet(path, compression="zstd", compression_level=1, row_group_size=_ROW_GROUP)
        self._files.append(path)
        # As a list: a column of a few would keep the text of all rows.
        self._marks.extend(rows["stack_id"].gather_every(_MARK_EVERY).to_list())

    def _bounds(self) -> list[tuple[str | None, str | None]]:
        # From the nonces that were added, not from all possible ones: a flood's may share their first digits.
        marks = sorted(self._marks)
        indexes = [len(marks) * part // self.parts_expected for part in range(1, self.parts_expected)]
        cuts: list[str | None] = [None, *dict.fromkeys(marks[index] for index in indexes), None]
        return list(pairwise(cuts))
