"""The links of a shard's chain: segments by their keys alone, and how the keys of neighbours must agree."""

from __future__ import annotations

from datetime import timedelta
from itertools import pairwise
from typing import TYPE_CHECKING

from stream_worker.process.problem import Kind, Problem
from stream_worker.stream.records import START

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
    from datetime import date

    from stream_worker.lake.keys import Owner, SegmentKey
    from stream_worker.stream.records import Position


def chains(links: Iterable[SegmentKey]) -> dict[Owner, list[SegmentKey]]:
    """Return each shard's links in order."""
    ordered: dict[Owner, list[SegmentKey]] = {}
    for link in sorted(links, key=lambda link: (link.epoch, link.shard_id, link.start)):
        ordered.setdefault(link.owner, []).append(link)
    return ordered


def joints(chain: Sequence[SegmentKey], day: date) -> Iterator[tuple[SegmentKey, SegmentKey]]:
    """Yield the neighbours of a chain between which there are records of the day, or may have been.

    Two links of one other day say nothing about this one, unless they are near its midnight.
    """
    for one, other in pairwise(chain):
        if one.day != other.day or one.day == day:
            yield one, other


def breaks(
    chain: Sequence[SegmentKey],
    day: date,
    ends: Mapping[str, Position],
    goes_on: Callable[[SegmentKey, SegmentKey, Position], bool] = lambda _one, _other, _end: False,
) -> Iterator[Problem]:
    """Yield the gaps and overlaps between neighbours; `ends` has last positions by key, where they matter.

    `goes_on` returns whether a day that is not in this chain has a segment that begins at the first one's
    end.
    """
    first = chain[0]
    if first.start != START and timedelta(0) <= first.day - day <= timedelta(days=1):
        what = "gap: no segment ends where this one begins"
        yield Problem(what, first.shard_id, str(first.start), first.key, Kind.HEADLESS)
    for one, other in pairwise(chain):
        end = ends.get(one.key)
        if end is None or end == other.start:  # None: far from the day, or reported as foreign
            continue
        if end < other.start:
            if goes_on(one, other, end):
                continue
            what, kind = f"gap: no segment from here to {other.start}", Kind.BREAK
        else:
            kind = Kind.DAMAGE
            what = f"overlap: another segment begins at {other.start}, inside this one"
        yield Problem(what, one.shard_id, str(min(end, other.start)), other.key, kind)
