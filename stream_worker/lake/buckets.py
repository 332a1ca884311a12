"""Rows spread over buckets by a key, so that two large sets can be joined bucket by bucket."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import polars as pl

if TYPE_CHECKING:
    from pathlib import Path

_HELD_ROWS: Final = 1_000_000


class Buckets:
    """Takes rows and returns them by bucket; if there are several, they are kept in files in `folder`."""

    def __init__(self, folder: Path, key: tuple[str, ...], buckets: int) -> None:
        self._folder = folder
        self._key = key
        self._buckets = buckets
        self._held: list[pl.DataFrame] = []
        self._files: dict[int, list[Path]] = {}
        folder.mkdir()

    def add(self, rows: pl.DataFrame) -> None:
        """Take rows, which have the key's columns."""
        self._held.append(rows)
        if self._buckets > 1 and sum(map(len, self._held)) >= _HELD_ROWS:
            self._spill()

    def bucket(self, number: int) -> pl.DataFrame | None:
        """Return all rows of a bucket, None if there are none. No rows can be added afterwards."""
        if self._buckets == 1:
            return pl.concat(self._held) if self._held else None
        if self._held:
            self._spill()
        files = self._files.get(number)
        return pl.read_parquet(files) if files else None

    def _spill(self) -> None:
        rows = pl.concat(self._held)
        self._held.clear()
        numbered = rows.with_columns(bucket=pl.struct(self._key).hash(0) % self._buckets)
        for (number,), part in numbered.partition_by("bucket", as_dict=True, include_key=False).items():
            files = self._files.setdefault(int(str(number)), [])
            path = self._folder / f"{number}.{len(files)}.parquet"
            part.write_parquet(path, compression="zstd", compression_level=1)
            files.append(path)
