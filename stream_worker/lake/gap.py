"""Gaps: what a stream may have forgotten before it was committed, recorded where a seal and an audit look.

A gap is an empty object; its key (`keys.GapKey`) says everything. After the position `after` of a shard,
records that arrived between `since` and `until` (ms since 1970 UTC) may be missing. The segment that follows
is keyed by the chain's end like any other: the key of a step stays a function of what is committed, so a gap
cannot fork a chain. A gap is written before the step that follows it, so no crash can leave that step without
its gap. Writing one twice does no harm.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING

from stream_worker.lake.keys import GapKey, gaps_folder
from stream_worker.process.problem import Kind, Problem
from stream_worker.stream.span import Span

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import date

    from stream_worker.lake.keys import Owner
    from stream_worker.lake.store import Lake
    from stream_worker.stream.records import Position


class Why(StrEnum):
    """Why records may be missing."""

    FORGOTTEN = "forgotten"
    """The stream has forgotten them, or may have."""

    PASSED_OVER = "passed-over"
    """The engine has started to read after them."""


@dataclass(frozen=True, slots=True)
class Gap:
    """After which position of a shard records may be missing, and when they would have arrived (ms, UTC)."""

    epoch: int
    shard_id: str
    after: Position
    since: int
    until: int
    why: Why = Why.FORGOTTEN

    @classmethod
    def parse(cls, key: str) -> Gap | None:
        """Return the gap that a key records; None for any other key."""
        found = GapKey.parse(key)
        if found is None:
            return None
        return cls(found.epoch, found.shard_id, found.end, found.since, found.until, Why(found.why))

    def key(self, generation: str) -> str:
        """Return the key that records it."""
        return GapKey(generation, self.epoch, self.shard_id, self.after, self.since, self.until, self.why).key

    @property
    def owner(self) -> Owner:
        """The shard whose chain it is in."""
        return self.epoch, self.shard_id

    def touches(self, span: Span) -> bool:
        """Return whether a record of the span may be among the missing ones."""
        return self.since < min(span.end, self.until) and span.start <= self.until

    def problem(self, key: str | None = None) -> Problem:
        """Return the gap as a problem of a day."""
        since, until = (f"{datetime.fromtimestamp(at / 1000, UTC):%F %T}" for at in (self.since, self.until))
        if self.why is Why.PASSED_OVER:
            what = f"gap: what arrived from here on between {since} and {until} UTC was passed over"
        else:
            what = f"gap: the stream has forgotten what may have arrived from here on, {since} to {until} UTC"
        return Problem(what, self.shard_id, str(self.after), key, Kind.FORGOTTEN)


def gaps_of(lake: Lake, generation: str, day: date) -> Iterator[Problem]:
    """Yield the gaps that a day is in, one for each position of a shard: the one that ends last."""
    span = Span(day, day, timedelta(0))
    latest: dict[tuple[Owner, Position], tuple[Gap, str]] = {}
    for key in lake.keys(gaps_folder(generation)):
        gap = Gap.parse(key)
        if gap is None or not gap.touches(span):
            continue
        known = latest.get((gap.owner, gap.after))
        if known is None or known[0].until < gap.until:
            latest[gap.owner, gap.after] = gap, key
    for gap, key in latest.values():
        yield gap.problem(key)


def write(lake: Lake, generation: str, gap: Gap) -> None:
    """Record a gap, unless it is recorded already."""
    lake.put_new(gap.key(generation), b"", {})
