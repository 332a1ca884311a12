"""Gaps: what a stream may have forgotten before it was committed, written down where readers of days look.

A gap is an object of its own, whose key says everything:

    shards/live/gap/<epoch>.<shard>.<after>.<since>-<until>.<why>

It says that after the position `after` of a shard, records that arrived between `since` and `until` (ms since
1970 UTC) may be missing. The segment that follows is keyed by the chain's end as any other: the key of a step
stays a function of what is committed, so a gap cannot fork a chain. A gap is written before the step that it
comes before, so no crash can leave the step without it; one that is written twice says the same twice.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, Final

from stream_worker.process.problem import Kind, Problem
from stream_worker.stream.records import Position
from stream_worker.stream.span import Span

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import date

    from stream_worker.lake.link import Owner
    from stream_worker.lake.store import Lake

_KEY: Final = re.compile(
    r".*/(\d+)\.([A-Za-z0-9_-]+)\.(start|\d{56}(?:_\d+)?)\.(\d+)-(\d+)\.(forgotten|passed-over)"
)


class Why(StrEnum):
    """How records can come to be missing."""

    FORGOTTEN = "forgotten"
    """The stream has forgotten them, or may have."""

    PASSED_OVER = "passed-over"
    """The engine has begun to read after them."""


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
    def of(cls, key: str) -> Gap | None:
        """Read a gap's key; None for any other."""
        found = _KEY.fullmatch(key)
        if found is None:
            return None
        epoch, shard_id, after, since, until, why = found.groups()
        return cls(int(epoch), shard_id, Position.parse(after), int(since), int(until), Why(why))

    def key(self, generation: str) -> str:
        """Return where it stands."""
        place = f"{self.epoch}.{self.shard_id}.{self.after}.{self.since:013d}-{self.until:013d}.{self.why}"
        return f"{_prefix(generation)}{place}"

    @property
    def owner(self) -> Owner:
        """Whose chain it is in."""
        return self.epoch, self.shard_id

    def touches(self, span: Span) -> bool:
        """Say whether a record of the span can be among those that are missing."""
        return self.since < min(span.end, self.until) and span.start <= self.until

    def problem(self, key: str | None = None) -> Problem:
        """Return it as what is wrong with a day."""
        since, until = (f"{datetime.fromtimestamp(at / 1000, UTC):%F %T}" for at in (self.since, self.until))
        if self.why is Why.PASSED_OVER:
            what = f"gap: what arrived from here on between {since} and {until} UTC was passed over"
        else:
            what = f"gap: the stream has forgotten what may have arrived from here on, {since} to {until} UTC"
        return Problem(what, self.shard_id, str(self.after), key, Kind.FORGOTTEN)


def gaps_of(lake: Lake, generation: str, day: date) -> Iterator[Problem]:
    """Yield the gaps that a day lies in, each shard's position once, with the latest end that is known."""
    span = Span(day, day, timedelta(0))
    latest: dict[tuple[Owner, Position], tuple[Gap, str]] = {}
    for key in lake.keys(_prefix(generation)):
        gap = Gap.of(key)
        if gap is None or not gap.touches(span):
            continue
        known = latest.get((gap.owner, gap.after))
        if known is None or known[0].until < gap.until:
            latest[gap.owner, gap.after] = gap, key
    for gap, key in latest.values():
        yield gap.problem(key)


def write(lake: Lake, generation: str, gap: Gap) -> None:
    """Write a gap down, unless it is there."""
    lake.put_new(gap.key(generation), b"", {})


def _prefix(generation: str) -> str:
    return f"shards/{generation}/gap/"
