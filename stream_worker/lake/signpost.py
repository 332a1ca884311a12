"""A signpost: an empty segment that says in which day, and from which position, a chain goes on.

A segment's key has its day, so two owners whose next records are of different days could both take the same
step. Each step therefore has one key, in the folder of the day of the segment before it. An owner that goes
on in another day, or after a gap, first puts a signpost at that key. An owner that comes late to the key
finds it there.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import TYPE_CHECKING, Final

import polars as pl

from schemas.tables import REPORTS
from stream_worker.lake.segment import OUTCOMES, Segment, Summary, digest, parquet

if TYPE_CHECKING:
    from collections.abc import Mapping

    from stream_worker.lake.keys import SegmentKey

_NEXT_DAY: Final = "next-day"


def signpost(to: SegmentKey, segment: Segment, last_arrival: int | None) -> tuple[bytes, dict[str, str]]:
    """Return the body and the metadata of a signpost to the key of the next step, made for a segment.

    `last_arrival` is the chain's latest arrival before it (ms since 1970 UTC), None if there is none.
    """
    body = parquet(pl.DataFrame(schema=REPORTS.polars))
    summary = Summary(
        last=to.start,
        outcomes=dict.fromkeys(OUTCOMES, 0),
        first_arrival=last_arrival or 0,
        last_arrival=last_arrival or 0,
        reports=digest(body),
        rejects="",
        schema_version=segment.summary.schema_version,
        code_version=segment.summary.code_version,
        judgement=segment.summary.judgement,
    )
    return body, summary.metadata | {_NEXT_DAY: str(to.day)}


def is_signpost(summary: Summary) -> bool:
    """Return whether an object is a signpost: any other segment has a record."""
    return summary.records == 0


def next_key(key: SegmentKey, metadata: Mapping[str, str]) -> SegmentKey:
    """Return the key of the step after the object at `key`.

    Raises `KeyError` or `ValueError` if the object is not a segment.
    """
    summary = Summary.parse(metadata)
    day = date.fromisoformat(metadata[_NEXT_DAY]) if is_signpost(summary) else key.day
    return replace(key, day=day, start=summary.last)
