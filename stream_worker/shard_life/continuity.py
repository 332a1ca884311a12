"""Proves that what is read follows where a shard's chain ends; writes a gap down wherever it cannot.

An iterator at a record that the stream has forgotten begins at the oldest that is left, and does not say so.
Before a step, at the tip and at a shard's end one of these must therefore hold, the cheapest first:

1. the chain's last record, or a reading to the tip, is younger than 12 hours: no stream forgets within 24;
2. the chain's last record can be read again, *after* what is to follow it was read: then the horizon had not
   come to it, and nothing after it was forgotten;
3. a reading to the tip was written down (see `evidence`), and is within the stream's retention;
4. the shard has no segment yet, and was made within the retention.

Each is asked after what follows was read, and so holds for all of it, however many pages that is. If none
does, records may be missing. A gap (see `gap`) is written, from the last time that is known to be read to the
arrival of what follows, with a grace on both sides, as arrivals may be out of order. The log has `shard.gap`.
The step then ends with the page that it begins with, which was read at one moment; the next one is proven by
itself.

The segment after a gap is keyed by the chain's end like any other. A link that began elsewhere would be
keyed by what one owner happened to read first, and two owners would fork the chain.

What remains: 3 and 4 use the present retention, so after an increase they promise more than the stream has,
for as long as the increase; a gap whose beginning is unknown (a shard without segments) is dated from the
stream's creation or from its ancestors' last records; a clock that is hours off is believed.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Final, Protocol

import structlog

from stream_worker.lake.gap import Gap, Why
from stream_worker.stream.records import START
from stream_worker.stream.span import GRACE_SECONDS

if TYPE_CHECKING:
    from collections.abc import Callable

    from stream_worker.lake.chain import Chain, Tail
    from stream_worker.stream.records import Position

SURE_SECONDS: Final = 12 * 3600
"""Half of the shortest retention that Kinesis has: the margin is for clocks and for what waited in queues."""

_GRACE: Final = GRACE_SECONDS * 1000
"""Milliseconds: what is missing may have arrived so long before the record that it follows, or after the
record that follows it."""

_TIP_SECONDS: Final = 2 * 3600
"""How old a chain's end becomes until a reading to the tip is written down: what a crash may take away of
it."""

_QUEUE_SECONDS: Final = 900
"""How old an empty page may be when it is seen: it may have waited in a queue while the lake was out."""

_LOOK_SECONDS: Final = 600
"""Between looks at how old a quiet shard's evidence is."""

log = structlog.get_logger("continuity")


class Horizon(Protocol):
    """What a shard's stream still has."""

    def now(self) -> float:
        """Return the time (seconds since 1970) by the clock that dates arrivals."""

    def holds(self, position: Position) -> bool:
        """Say whether the record at a position can be read."""

    def remembers(self, moment: int) -> bool:
        """Say whether what arrived at a moment (ms since 1970 UTC) can be read."""

    def began_within(self) -> bool:
        """Say whether the shard is younger than the stream's memory."""


class Continuity:
    """One owner's knowledge of how far its shard was read; called from the shard's thread.

    `_until` is when the chain's last record arrived, or until when reading to the tip found nothing after
    it (ms since 1970 UTC, by the stream's clock). `_seen` is when this owner was at the tip last, by its
    own clock, as are all short cuts: what they do not show is asked of the horizon.
    """

    def __init__(self, chain: Chain, horizon: Horizon | None, now: Callable[[], float] = time.time) -> None:
        """Without a horizon nothing is asked and nothing written."""
        self._chain = chain
        self._horizon = horizon
        self._now = now
        self._until = 0
        self._tip = 0
        self._seen: float | None = None
        self._next_look = 0.0
        self._passed_over: Position | None = None

    def begin(self, tail: Tail) -> None:
        """Go on from a chain's last segment."""
        if self._horizon is None:
            return
        self._until = tail.last_arrival or self._chain.shard.epoch * 1000
        if self._recent():
            return
        if tail.end == START:  # a child is made after its parents' last records came
            self._until = max(self._until, *self._chain.ancestors_arrivals(), 0)
        self._tip = self._chain.evidence(tail.end).until
        self._until = max(self._until, self._tip)

    def pass_over(self, after: Position) -> None:
        """Know that the engine begins to read after records that it has not given."""
        self._passed_over = after

    def join(self, end: Position, first: Position, arrival: int) -> bool:
        """Before a step from `end`: see to it that what begins with `first` follows, or a gap is written.

        Return whether nothing is missing in all that was read so far. If not, that is only known up to the
        end of the page that `first` is in: the horizon may have come by between any two.
        """
        if self._horizon is None:
            return True
        passed_over, self._passed_over = self._passed_over, None
        if passed_over is not None:
            self._write(passed_over, arrival + _GRACE, Why.PASSED_OVER)
            return False
        if self._proven(self._horizon, end):
            return True
        if first.sequence_number != end.sequence_number:
            self._write(end, arrival + _GRACE, Why.FORGOTTEN)
        return False

    def committed(self, last_arrival: int | None) -> None:
        """Know that the chain has gone on to a record that arrived then."""
        self._until, self._tip = last_arrival or 0, 0

    def reach_tip(self, end: Position) -> None:
        """Know that the shard has nothing after `end`; write that down if the chain's end has grown old."""
        if self._horizon is None:
            return
        self._prove(self._horizon, end)
        self._seen = self._now()
        if self._recent(_TIP_SECONDS) or self._seen < self._next_look:
            return
        self._next_look = self._seen + _LOOK_SECONDS
        now = round(self._horizon.now() * 1000) - _QUEUE_SECONDS * 1000
        if now - self._until >= _TIP_SECONDS * 1000:
            self._chain.write_tip(end, now)
            self._until = self._tip = now

    def reach_end(self, end: Position) -> None:
        """Know that the shard is closed and has nothing after `end`."""
        if self._horizon is not None:
            self._prove(self._horizon, end)
            self._chain.write_end(end)

    def reach_horizon(self, end: Position) -> None:
        """Know that the stream has forgotten the shard: what it may have had after `end` is missing."""
        if self._horizon is not None and not self._chain.evidence(end).ended:
            self._prove(self._horizon, end)

    def _prove(self, horizon: Horizon, end: Position) -> None:
        """See to it that nothing was between `end` and the tip, or a gap is written."""
        if self._passed_over is not None:
            self._write(self._passed_over, round(horizon.now() * 1000), Why.PASSED_OVER)
        elif not self._proven(horizon, end):
            self._write(end, round(horizon.now() * 1000), Why.FORGOTTEN)
        self._passed_over = None

    def _proven(self, horizon: Horizon, end: Position) -> bool:
        if self._recent() or (self._seen is not None and self._now() - self._seen < SURE_SECONDS):
            return True
        if horizon.now() - self._until / 1000 < SURE_SECONDS:
            return True
        if end == START:
            return horizon.remembers(self._until) or horizon.began_within()
        return horizon.holds(end) or (self._tip > 0 and horizon.remembers(self._tip))

    def _recent(self, seconds: float = SURE_SECONDS) -> bool:
        return 0 <= self._now() - self._until / 1000 < seconds

    def _write(self, after: Position, until: int, why: Why) -> None:
        shard = self._chain.shard
        since = max(min(self._until, until) - _GRACE, 0)
        gap = Gap(shard.epoch, shard.shard_id, after, since, until, why)
        self._chain.write_gap(gap)
        log.warning(
            "shard.gap",
            shard_id=shard.shard_id,
            committed=str(after),
            gaps=1,
            detail=gap.problem().what,
            note="the days in between are not sealed without --despite-gaps; the runbook has a page",
        )
