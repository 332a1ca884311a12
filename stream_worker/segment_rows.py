"""Reads the rows of committed segments, many at a time, and checks that they are what was committed."""

from __future__ import annotations

import io
from collections import deque
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TYPE_CHECKING, Final

import polars as pl

from stream_worker.errors import DamagedError
from stream_worker.problem import Problem
from stream_worker.segment import digest

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from stream_worker.committed import Committed
    from stream_worker.lake import Lake

_READERS: Final = 8
_AHEAD: Final = 16  # objects
_AHEAD_BYTES: Final = 32 * 1024 * 1024
"""Objects that are read before their turn: as many of the largest one seen so far, one at least."""


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
    """Yield each object in order; the next ones are on their way, fewer of them if they are large."""
    largest = 1
    with ThreadPoolExecutor(_READERS) as readers:
        under_way: deque[tuple[Committed, Future[bytes]]] = deque()
        for one in wanted:
            under_way.append((one[0], readers.submit(_get, lake, *one)))
            while len(under_way) > min(_AHEAD, max(1, _AHEAD_BYTES // largest)):
                segment, reading = under_way.popleft()
                body = reading.result()
                largest = max(largest, len(body))
                yield segment, body
        while under_way:
            segment, reading = under_way.popleft()
            yield segment, reading.result()


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
