"""A link of a shard's chain: a segment by its key alone, and what the keys of neighbours must agree on."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import pairwise
from typing import TYPE_CHECKING, Final

from stream_worker.process.problem import Kind, Problem
from stream_worker.stream.records import START, Position

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

_KEY: Final = re.compile(
    r"reports/.*/?dt=(\d{4}-\d\d-\d\d)/(\d+)\.([A-Za-z0-9_-]+)\.(start|\d{56}(?:_\d+)?)\.parquet"
)

Owner = tuple[int, str]
"""A stream's epoch and a shard id: whose chain a link belongs to."""


@dataclass(frozen=True, slots=True)
class Link:
    """A segment's place: the key says where it begins, not where it ends."""

    key: str
    day: date
    epoch: int
    shard_id: str
    start: Position

    @classmethod
    def of(cls, key: str) -> Link | None:
        """Read a segment's key; None for any other."""
        found = _KEY.fullmatch(key)
        if found is None:
            return None
        day, epoch, shard_id, start = found.groups()
        return cls(key, date.fromisoformat(day), int(epoch), shard_id, Position.parse(start))

    @property
    def owner(self) -> Owner:
        """Whose chain it belongs to."""
        return self.epoch, self.shard_id


def chains(links: Iterable[Link]) -> dict[Owner, list[Link]]:
    """Return each shard's links in their order."""
    ordered: dict[Owner, list[Link]] = {}
    for link in sorted(links, key=lambda link: (link.epoch, link.shard_id, link.start)):
        ordered.setdefault(link.owner, []).append(link)
    return ordered


def joints(chain: Sequence[Link], day: date) -> Iterator[tuple[Link, Link]]:
    """Yield the neighbours of a chain between which records of the day stand, or may have stood.

    Two links of one other day say nothing of this one, unless they stand near its midnight.
    """
    for one, other in pairwise(chain):
        if one.day != other.day or one.day == day:
            yield one, other


def breaks(
    chain: Sequence[Link],
    day: date,
    ends: Mapping[str, Position],
    goes_on: Callable[[Link, Link, Position], bool] = lambda _one, _other, _end: False,
) -> Iterator[Problem]:
    """Yield what is wrong between neighbours; `ends` are the last positions by key, where they matter.

    `goes_on` says whether a day that is not in this chain has a segment that begins where the first one ends.
    """
    first = chain[0]
    if first.start != START and timedelta(0) <= first.day - day <= timedelta(days=1):
        what = "gap: no segment ends where this one begins"
        yield Problem(what, first.shard_id, str(first.start), first.key, Kind.HEADLESS)
    for one, other in pairwise(chain):
        end = ends.get(one.key)
        if end is None or end == other.start:  # None: elsewhere in time, or said to be foreign
            continue
        if end < other.start:
            if goes_on(one, other, end):
                continue
            what, kind = f"gap: no segment from here to {other.start}", Kind.BREAK
        else:
            kind = Kind.DAMAGE
            what = f"overlap: another segment begins at {other.start}, inside this one"
        yield Problem(what, one.shard_id, str(min(end, other.start)), other.key, kind)
