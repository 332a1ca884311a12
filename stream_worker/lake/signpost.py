"""A signpost: an empty segment that says in which day, and from which position, a chain goes on.

A segment's key has its day, so two owners whose next records are of different days would take the same step
twice. Each step therefore has one place: the day of the segment before it. Whoever goes on in another day, or
behind a gap, puts a signpost in that place first, and whoever comes late to the place meets it there.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Final

import polars as pl

from schemas.tables import REPORTS
from stream_worker.lake.segment import OUTCOMES, Segment, Summary, digest, parquet

if TYPE_CHECKING:
    from collections.abc import Mapping

    from stream_worker.stream.records import Position

_NEXT_DAY: Final = "next-day"


@dataclass(frozen=True, slots=True)
class Place:
    """Where a step of a chain is taken: the day in whose folder, and the position from which."""

    day: date
    start: Position


def signpost(to: Place, segment: Segment, last_arrival: int | None) -> tuple[bytes, dict[str, str]]:
    """Return the body and the metadata of the signpost to a place, made for a segment.

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
    """Say whether an object is one: every segment has a record."""
    return summary.records == 0


def next_place(key_day: date, metadata: Mapping[str, str]) -> Place:
    """Return the place of the step after an object's.

    Raises `KeyError` or `ValueError` if it is no segment.
    """
    summary = Summary.parse(metadata)
    day = date.fromisoformat(metadata[_NEXT_DAY]) if is_signpost(summary) else key_day
    return Place(day, summary.last)
