"""Reads rows of segments and of runs, and checks that they are what was written.

Every function yields frames, one for each object, in order. It raises `DamagedError` for an object that is
missing or has other bytes, also for rejects that have expired: a caller that asks for rows needs all of them.
"""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

import polars as pl

from stream_worker.lake.ahead import Sizes, ahead
from stream_worker.lake.committed import read_day
from stream_worker.lake.expiry import KEPT_FOR
from stream_worker.lake.keys import LIVE
from stream_worker.process.errors import DamagedError
from stream_worker.process.problem import Problem

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from datetime import date

    from stream_worker.lake.committed import Committed
    from stream_worker.lake.keys import SegmentKey
    from stream_worker.lake.manifest import Manifest
    from stream_worker.lake.store import Lake


def live_rows(lake: Lake, day: date) -> Iterator[pl.DataFrame]:
    """Yield the rows of both tables that a day's live segments have."""
    segments = read_day(lake, LIVE, day).segments
    yield from accepted_rows(lake, segments)
    yield from rejected_rows(lake, segments)


def run_rows(lake: Lake, manifest: Manifest) -> Iterator[pl.DataFrame]:
    """Yield the rows of both tables that a sealed run has."""
    for part in (*manifest.reports, *manifest.rejects):
        yield _parsed(lake.find(part.key, part.bytes), part.is_intact, part.key)


def accepted_rows(lake: Lake, segments: Iterable[Committed]) -> Iterator[pl.DataFrame]:
    """Yield what each segment accepted."""
    for segment, key, body in _ahead(lake, ((segment, segment.link.key) for segment in segments)):
        link, summary = segment.link, segment.summary
        rows = _parsed(body, summary.is_reports, key, link)
        if len(rows) != summary.outcomes["accepted"]:
            what = "damaged: the object has other rows than its metadata says"
            raise DamagedError(Problem(what, link.shard_id, str(link.start), link.key))
        yield rows


def rejected_rows(lake: Lake, segments: Iterable[Committed]) -> Iterator[pl.DataFrame]:
    """Yield what each segment rejected; a segment that rejected nothing has no object and gives no frame."""
    objects = ((segment, segment.rejects) for segment in segments)
    for segment, key, body in _ahead(lake, ((segment, key) for segment, key in objects if key is not None)):
        yield _parsed(body, segment.summary.is_rejects, key, segment.link)


def _ahead(
    lake: Lake, objects: Iterable[tuple[Committed, str]]
) -> Iterator[tuple[Committed, str, bytes | None]]:
    """Yield segments and keys with the bytes there, in order; the next objects are read meanwhile."""
    sizes = Sizes(lake)
    yield from ahead(objects, lambda one: sizes.of(one[1]), lambda one: (*one, lake.find(one[1])))


def _parsed(
    body: bytes | None, intact: Callable[[bytes], bool], key: str, link: SegmentKey | None = None
) -> pl.DataFrame:
    """Return an object's rows; `link` is the segment that it belongs to."""
    if body is not None and intact(body):
        return pl.read_parquet(io.BytesIO(body))
    if body is not None:
        what = "damaged: not the bytes that were written"
    else:
        why = f"; {KEPT_FOR}" if key.startswith("rejects/") else ""
        what = f"missing: the object is not there{why}"
    if link is None:
        raise DamagedError(Problem(what, key=key))
    raise DamagedError(Problem(what, link.shard_id, str(link.start), key))
