"""Reads the rows of committed segments, many at a time, and checks that they are what was committed."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

import polars as pl

from stream_worker.lake.ahead import Sizes, ahead
from stream_worker.lake.segment import digest
from stream_worker.process.errors import DamagedError
from stream_worker.process.problem import Problem

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from stream_worker.lake.committed import Committed
    from stream_worker.lake.store import Lake


def read_reports(lake: Lake, segments: Iterable[Committed]) -> Iterator[pl.DataFrame]:
    """Yield each segment's accepted rows, in order; raise `DamagedError` for what was not so committed."""
    for segment, body in _ahead(lake, ((segment, segment.link.key) for segment in segments)):
        rows = _rows(segment, segment.link.key, body, segment.summary.reports)
        if len(rows) != segment.summary.outcomes["accepted"]:
            raise DamagedError(_problem(segment, segment.link.key, "damaged: other rows than it says"))
        yield rows


def read_rejects(lake: Lake, segments: Iterable[Committed]) -> Iterator[pl.DataFrame]:
    """Yield what each segment rejected, if anything, in order; raise as `read_reports` does."""
    wanted = ((segment, segment.rejects) for segment in segments)
    for segment, body in _ahead(lake, ((segment, key) for segment, key in wanted if key is not None)):
        yield _rows(segment, segment.rejects or "", body, segment.summary.rejects)


def _ahead(lake: Lake, wanted: Iterator[tuple[Committed, str]]) -> Iterator[tuple[Committed, bytes]]:
    """Yield each object in order."""
    sizes = Sizes(lake)
    yield from ahead(wanted, lambda one: sizes.of(one[1]), lambda one: (one[0], _get(lake, *one)))


def _get(lake: Lake, segment: Committed, key: str) -> bytes:
    body = lake.find(key)
    if body is None:
        raise DamagedError(_problem(segment, key, "missing: the object is not there"))
    return body


def _rows(segment: Committed, key: str, body: bytes, expected: str) -> pl.DataFrame:
    if digest(body) != expected:
        raise DamagedError(_problem(segment, key, "damaged: not the bytes that were committed"))
    return pl.read_parquet(io.BytesIO(body))


def _problem(segment: Committed, key: str, what: str) -> Problem:
    return Problem(what, segment.link.shard_id, str(segment.link.start), key)
