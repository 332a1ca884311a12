"""Proves that what is read follows the end of a shard's chain; records a gap wherever it cannot.

An iterator at a record that the stream has forgotten starts at the oldest that is left, without an error.
Before a step, at the tip and at a shard's end one of these must therefore hold, the cheapest first:

1. the chain's last record, or a reading to the tip, is younger than 12 hours: every stream keeps at least 24;
2. the chain's last record can still be read *after* what follows it was read: then the horizon had not
   reached it, and nothing after it was forgotten;
3. a reading to the tip was recorded (see `evidence`) and is within the stream's retention;
4. the shard has no segment yet and was created within the retention.

Each is checked after what follows was read, and so holds for all of it, however many pages that is. If none
holds, records may be missing. Then a gap (see `gap`) is written, from the last time that is known to be read
to the arrival of what follows, with a grace on both sides, as arrivals may be out of order. `shard.gap` is
logged. The step then ends with its first page, which was read at one moment. The next is proven separately.

The segment after a gap is keyed by the chain's end like any other. If its key began elsewhere, it
would depend on what one owner happened to read first, and two owners would fork the chain.

Known limits: 3 and 4 use the present retention, so for some time after an increase they assume more than the
stream has. A gap whose beginning is unknown (a shard without segments) is dated from the stream's creation or
from its ancestors' last records. A clock that is hours off is trusted.
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
"""Half of Kinesis's shortest retention: the margin is for clock errors and for waits in queues."""

_GRACE: Final = GRACE_SECONDS * 1000
"""Milliseconds. Missing records may have arrived this long before the record that they follow, or this long
after the record that follows them."""

_TIP_SECONDS: Final = 2 * 3600
"""How old a chain's end becomes until a reading to the tip is recorded. A crash may lose as much of it."""

_QUEUE_SECONDS: Final = 900
"""How old an empty page may be when it is seen: it may have waited in a queue while the lake was out."""

_LOOK_SECONDS: Final = 600
"""Seconds between checks of how old a quiet shard's evidence is."""

log = structlog.get_logger("continuity")


class Horizon(Protocol):
    """What a shard's stream still holds. Its methods ask the stream."""

    def now(self) -> float:
        """Return the time (seconds since 1970) by the clock that dates arrivals."""

    def holds(self, position: Position) -> bool:
        """Return whether the record at a position can be read."""

    def remembers(self, moment: int) -> bool:
        """Return whether records that arrived at a moment (ms since 1970 UTC) can be read."""

    def began_within(self) -> bool:
        """Return whether the shard was created within the stream's retention."""


class Continuity:
    """One owner's knowledge of how far its shard was read; called from the shard's thread.

    `_until` is when the chain's last record arrived, or until when reading to the tip found nothing after
    it (ms since 1970 UTC, by the stream's clock). `_seen` is when this owner was last at the tip, by its own
    clock. All short cuts use that clock; only if they prove nothing is the horizon asked.
    """

    def __init__(self, chain: Chain, horizon: Horizon | None, now: Callable[[], float] = time.time) -> None:
        """Without a horizon, do nothing: prove nothing and write nothing."""
        self._chain = chain
        self._horizon = horizon
        self._now = now
        self._until = 0
        self._tip = 0
        self._seen: float | None = None
        self._next_look = 0.0
        self._passed_over: Position | None = None

    def begin(self, tail: Tail) -> None:
        """Start from a chain's last segment."""
        if self._horizon is None:
            return
        self._until = tail.last_arrival or self._chain.shard.epoch * 1000
        if self._recent():
            return
        if tail.end == START:  # a child is created after its parents' last records arrived
            self._until = max(self._until, *self._chain.ancestors_arrivals(), 0)
        self._tip = self._chain.evidence(tail.end).until
        self._until = max(self._until, self._tip)

    def pass_over(self, after: Position) -> None:
        """Note that the engine starts to read after records that it has not delivered."""
        self._passed_over = after

    def join(self, end: Position, first: Position, arrival: int) -> bool:
        """Before a step from `end`, prove that the records from `first` on follow it, or write a gap.

        Return whether everything read so far is proven to follow. If not, only the page that `first` is in is
        known to be without a gap: the horizon may have passed between any two pages.
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
        """Note that the chain now ends with a record that arrived then."""
        self._until, self._tip = last_arrival or 0, 0

    def reach_tip(self, end: Position) -> None:
        """Note that the shard has nothing after `end`; record that if the chain's end has become old."""
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
        """Note that the shard is closed and has nothing after `end`."""
        if self._horizon is not None:
            self._prove(self._horizon, end)
            self._chain.write_end(end)

    def reach_horizon(self, end: Position) -> None:
        """Note that the stream has forgotten the shard: records that it had after `end` are missing."""
        if self._horizon is not None and not self._chain.evidence(end).ended:
            self._prove(self._horizon, end)

    def _prove(self, horizon: Horizon, end: Position) -> None:
        """Prove that nothing was between `end` and the tip, or write a gap."""
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
            note="records may be missing; these days are not sealed without --despite-gaps. See the runbook",
        )
