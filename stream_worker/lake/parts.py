"""The Parquet files of a sealed run: each is written once, even by several seals at the same time."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Final

import polars as pl

from stream_worker.lake.expiry import run_expires
from stream_worker.lake.keys import PartKey
from stream_worker.lake.manifest import Part
from stream_worker.lake.segment import parquet
from stream_worker.process.errors import WorkerError

if TYPE_CHECKING:
    from datetime import datetime

    from stream_worker.lake.keys import RunFolder
    from stream_worker.lake.manifest import Manifest
    from stream_worker.lake.store import Lake

_HELD_BYTES: Final = 256 * 1024 * 1024
_HELD_ROWS: Final = 1_000_000

MADE_AT: Final = "made-at"
"""In a part's metadata: when the seal that wrote it began to write."""


class Parts:
    """Writes rows into a run's folder, in their order: the same rows give the same objects."""

    def __init__(self, lake: Lake, folder: RunFolder, empty: pl.DataFrame, now: datetime) -> None:
        """`empty` has the columns: a run without rows still has one file. `now` goes into its metadata."""
        self._lake = lake
        self._folder = folder
        self._empty = empty
        self._now = now
        self._held: list[pl.DataFrame] = []
        self._written: list[Part] = []

    def add(self, rows: pl.DataFrame) -> None:
        """Write the rows as one file; the part has their first and last `stack_id`."""
        if len(rows):
            self._write(rows, rows["stack_id"][0], rows["stack_id"][-1])

    def gather(self, rows: pl.DataFrame) -> None:
        """Take rows that may share a file; they are written when there are enough."""
        if len(rows):
            self._held.append(rows)
        enough = sum(map(len, self._held)) >= _HELD_ROWS
        if enough or sum(held.estimated_size() for held in self._held) >= _HELD_BYTES:
            self._write_held()

    def finish(self) -> list[Part]:
        """Return all that was written."""
        self._write_held()
        if not self._written:
            self._write(self._empty)
        return self._written

    def _write_held(self) -> None:
        if self._held:
            self._write(pl.concat(self._held))
            self._held.clear()

    def _write(self, rows: pl.DataFrame, first: str | None = None, last: str | None = None) -> None:
        body = parquet(rows)
        folder = self._folder
        key = PartKey(folder.table, folder.day, folder.run, len(self._written)).key
        sha256 = hashlib.sha256(body).hexdigest()
        metadata = {"rows": str(len(rows)), "sha256": sha256, MADE_AT: self._now.isoformat()}
        if not self._lake.put_new(key, body, metadata) and self._lake.metadata(key).get("sha256") != sha256:
            raise WorkerError(
                f"{key} exists already, with other rows: move it out of the lake, then seal again"
            )
        self._written.append(
            Part(key=key, rows=len(rows), bytes=len(body), sha256=sha256, first=first, last=last)
        )


def missing_parts(lake: Lake, manifest: Manifest, now: datetime | None = None) -> list[str]:
    """Return the keys of a run's parts that are not in the lake; with `now`, without expired rejects."""
    parts = {part.key for part in (*manifest.reports, *manifest.rejects)}
    folders = {f"{key.rpartition('/')[0]}/" for key in parts}
    missing = parts - {key for folder in folders for key in lake.keys(folder)}
    if now is not None and now >= run_expires(manifest.made_at):
        missing -= {part.key for part in manifest.rejects}
    return sorted(missing)


def expired_parts(lake: Lake, manifest: Manifest, now: datetime) -> list[Part]:
    """Return a run's parts of rejects that have expired and are no longer there."""
    if now < run_expires(manifest.made_at):
        return []
    missing = set(missing_parts(lake, manifest))
    return [part for part in manifest.rejects if part.key in missing]
