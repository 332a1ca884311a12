"""Reads all rows of a day in one generation, live or sealed, many at a time."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

import polars as pl

from stream_worker.lake.committed import read_day
from stream_worker.lake.expiry import KEPT_FOR
from stream_worker.lake.segment import LIVE
from stream_worker.lake.segment_rows import read_rejects, read_reports
from stream_worker.process.errors import DamagedError
from stream_worker.process.problem import Problem

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from datetime import date

    from stream_worker.lake.manifest import Manifest, Part
    from stream_worker.lake.store import Lake


def read_live(lake: Lake, day: date) -> Iterator[pl.DataFrame]:
    """Yield the rows of both tables as the day's segments have them."""
    segments = read_day(lake, LIVE, day).segments
    yield from read_reports(lake, segments)
    yield from read_rejects(lake, segments)


def read_run(lake: Lake, manifest: Manifest) -> Iterator[pl.DataFrame]:
    """Yield the rows of both tables as a sealed run has them."""
    yield from read_parts(lake, manifest.reports)
    yield from read_parts(lake, manifest.rejects)


def read_parts(lake: Lake, parts: Iterable[Part]) -> Iterator[pl.DataFrame]:
    """Yield the rows of each part, in order; raise `DamagedError` for one that is not as it was written.

    For one that is gone by age as well: whoever wants these rows cannot do without.
    """
    for part in parts:
        body = lake.find(part.key, part.bytes)
        if body is None:
            why = f"; {KEPT_FOR}" if part.key.startswith("rejects/") else ""
            raise DamagedError(Problem(f"missing: the object is not there{why}", key=part.key))
        if not part.is_intact(body):
            raise DamagedError(Problem("damaged: not the bytes that were written", key=part.key))
        yield pl.read_parquet(io.BytesIO(body))
