"""Checks a day's chains: each segment, and that no deployment and no row is accepted twice on a shard."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import polars as pl

from schemas.tables import REPORTS
from stream_worker.audit.positions import first_row
from stream_worker.audit.segment_check import check_segments
from stream_worker.audit.stored_rows import read_stored
from stream_worker.process.problem import Problem

if TYPE_CHECKING:
    from stream_worker.audit.segment_check import CheckedSegment
    from stream_worker.lake.committed import Committed, CommittedDay
    from stream_worker.lake.keys import Owner
    from stream_worker.lake.store import Lake
    from stream_worker.process.progress import Progress
    from stream_worker.stream.records import Position


@dataclass(slots=True)
class CheckedChain:
    """Of a day's chains: problems, the keys of damaged segments, each shard's first position.

    `expired` counts the segments whose rejects have expired.
    """

    problems: list[Problem] = field(default_factory=list)
    damaged: set[str] = field(default_factory=set)
    first: dict[Owner, Position] = field(default_factory=dict)
    expired: int = 0


def check_chain(lake: Lake, day: CommittedDay, progress: Progress, *, aged: bool) -> CheckedChain:
    """Check all segments of a day. In memory are the nonces of one shard and a few segments.

    An `aged` day's rejects may have expired.
    """
    found = CheckedChain(problems=list(day.problems))
    _find_doubled_segments(day, found)
    with progress("records audited", sum(day.outcomes.values())) as move:
        for owner, segments in day.by_owner().items():
            accepted: list[tuple[Committed, pl.Series]] = []
            for checked in check_segments(lake, segments, aged=aged):
                _take(checked, owner, found)
                accepted.append((checked.segment, checked.nonces))
                move(checked.segment.summary.records)
            _find_doubled_reports(lake, accepted, found)
    return found


def _take(checked: CheckedSegment, owner: Owner, found: CheckedChain) -> None:
    found.problems += checked.problems
    found.expired += checked.expired
    if checked.problems:
        found.damaged.add(checked.segment.link.key)
    if checked.first is not None:
        found.first[owner] = min(checked.first, found.first.get(owner, checked.first))


def _find_doubled_segments(day: CommittedDay, found: CheckedChain) -> None:
    """Find copies under other keys: positions are unique, so no two segments have the same bytes of rows."""
    seen: dict[str, str] = {}
    for segment in day.segments:
        if not segment.summary.outcomes["accepted"]:
            continue
        first = seen.setdefault(segment.summary.reports, segment.link.key)
        if first != segment.link.key:
            link = segment.link
            what = f"doubled: the same rows as {first}"
            found.problems.append(Problem(what, link.shard_id, str(link.start), link.key))


def _find_doubled_reports(
    lake: Lake, accepted: list[tuple[Committed, pl.Series]], found: CheckedChain
) -> None:
    """Find the first report of a deployment that its shard had already accepted."""
    if not accepted:
        return
    ordered = pl.DataFrame({"nonce": pl.concat([used for _, used in accepted])})
    ordered = ordered.with_row_index("row").sort("nonce", "row")
    row = ordered.filter(pl.col("nonce") == pl.col("nonce").shift())["row"].min()
    if not isinstance(row, int):
        return
    ends = pl.Series([len(used) for _, used in accepted]).cum_sum()
    number = ends.search_sorted(row, side="right")
    segment, used = accepted[number]
    key = segment.link.key
    rows = read_stored(lake.find(key), REPORTS, segment.summary.is_reports).rows
    if rows is not None:
        what = "a deployment is accepted twice on its shard; this is its second report"
        found.problems.append(Problem(what, *first_row(rows[[row - ends[number] + len(used)]]), key))
