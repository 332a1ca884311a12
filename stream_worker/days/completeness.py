"""Proves from the stream itself that a day is committed to its end on every shard."""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import TYPE_CHECKING

from stream_worker.lake import evidence
from stream_worker.lake.chain import Chain
from stream_worker.lake.committed import days
from stream_worker.lake.gap import Gap
from stream_worker.lake.keys import LIVE, SegmentKey, day_folder
from stream_worker.process.problem import Kind, Problem
from stream_worker.stream.horizon import KinesisHorizon
from stream_worker.stream.kinesis import READ_SECONDS, ShardNotFoundError
from stream_worker.stream.reader import ShardReader
from stream_worker.stream.records import START
from stream_worker.stream.shard import Shard
from stream_worker.stream.span import Span

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from datetime import date, timedelta

    from stream_worker.lake.chain import Tail
    from stream_worker.lake.keys import Owner
    from stream_worker.lake.store import Lake
    from stream_worker.stream.kinesis import KinesisStream
    from stream_worker.stream.records import Records


class Proof(StrEnum):
    """Why no more of a shard's records can belong to the day."""

    COMMITTED = "committed"
    """Records that arrived well after the day are committed, and so is all that came before them."""

    PASSED = "passed"
    """What follows the last commit arrived well after the day."""

    ENDED = "ended"
    """The shard is closed, and nothing of the day follows the last commit."""

    TIP = "tip"
    """Nothing of the day follows the last commit up to the shard's tip, and the day is over."""

    FORGOTTEN = "forgotten"
    """The stream no longer has the rest: no more of the shard can ever be committed."""


@dataclass(frozen=True, slots=True)
class Proven:
    """A shard's proof, or None and in `lag` the first record of the day that is not committed."""

    epoch: int
    shard_id: str
    proof: Proof | None
    lag: Problem | None = None


@dataclass(frozen=True, slots=True)
class Completeness:
    """Proves days complete in one generation; `grace` is how far out of order a shard's arrivals may be."""

    stream: KinesisStream
    lake: Lake
    grace: timedelta
    generation: str = LIVE
    now: Callable[[], datetime] = lambda: datetime.now(UTC)
    pause: Callable[[float], None] = time.sleep

    def prove(self, day: date) -> list[Proven]:
        """Return a proof, a lag or a gap for each shard that the stream lists, closed ones included.

        In the live generation, also for each shard that the lake knows and the stream no longer lists. The
        day must have been over for `grace`. Raises as the poll engine does.
        """
        span = Span(day, day, self.grace)
        since = self.stream.retained_since(self.now())
        shards = self.stream.shards()
        found = {shard.owner: self._prove_listed(shard, span, since) for shard in shards}
        listed = {owner: proven for owner, proven in found.items() if proven is not None}
        if self.generation != LIVE:
            return list(listed.values())
        epoch = max(shard.epoch for shard in shards)
        others = (self._known(span) | found.keys()) - listed.keys()
        return [*listed.values(), *self._unlisted(epoch, others, span, since)]

    def _prove_listed(self, shard: Shard, span: Span, since: datetime) -> Proven | None:
        """Return None if the shard has expired since it was listed."""
        try:
            return self._prove(shard, span, since)
        except ShardNotFoundError:
            if self.stream.lists(shard):
                raise
            return None

    def _prove(self, shard: Shard, span: Span, since: datetime) -> Proven:
        tail = Chain(self.lake, shard, self.generation).tail()
        if tail.last_arrival is not None and tail.last_arrival >= span.over.timestamp() * 1000:
            return Proven(shard.epoch, shard.shard_id, Proof.COMMITTED)
        found = evidence.read(self.lake, self.generation, shard.owner, tail.end)
        read_until = max(self._committed_until(tail, shard.epoch), found.until)
        gap = Gap(shard.epoch, shard.shard_id, tail.end, read_until, round(since.timestamp() * 1000))
        horizon = KinesisHorizon(self.stream, shard)
        if gap.touches(span) and not (tail.end == START and horizon.began_after(since)):
            return Proven(shard.epoch, shard.shard_id, Proof.FORGOTTEN, gap.problem())
        reader = ShardReader(self.stream, shard, tail.end, span.since)
        while True:
            page = reader.read()
            if page is None:
                continue
            unread = page.records.after(tail.end)
            missing = span.of(unread)
            if len(missing):
                return Proven(shard.epoch, shard.shard_id, None, _lag(shard, missing))
            if span.passed(unread):
                return Proven(shard.epoch, shard.shard_id, Proof.PASSED)
            if page.at_tip:
                proof = Proof.ENDED if page.ended else Proof.TIP
                return Proven(shard.epoch, shard.shard_id, proof)
            self.pause(READ_SECONDS)

    def _unlisted(self, epoch: int, owners: Iterable[Owner], span: Span, since: datetime) -> Iterator[Proven]:
        """Yield what the lake knows of shards that have expired or whose stream was deleted."""
        for owner in sorted(owners):
            tail = Chain(self.lake, Shard(*owner), self.generation).tail()
            if tail.last_arrival is not None and tail.last_arrival >= span.over.timestamp() * 1000:
                yield Proven(*owner, Proof.COMMITTED)
                continue
            found = evidence.read(self.lake, self.generation, owner, tail.end)
            if found.ended:
                yield Proven(*owner, Proof.ENDED)
                continue
            read_until = max(self._committed_until(tail, owner[0]), found.until)
            gone = since.timestamp() if owner[0] == epoch else epoch
            gap = Gap(*owner, tail.end, read_until, round(gone * 1000))
            yield Proven(*owner, Proof.FORGOTTEN, gap.problem() if gap.touches(span) else None)

    def _committed_until(self, tail: Tail, epoch: int) -> int:
        """Return until when (ms since 1970 UTC) every arrival is committed, less `grace` for disorder."""
        return (tail.last_arrival or epoch * 1000) - round(self.grace.total_seconds() * 1000)

    def _known(self, span: Span) -> set[Owner]:
        """Return the shards that the lake knows around a day, by segments or, if quiet, by evidence."""
        before = [day for day in days(self.lake, self.generation) if day <= span.last][-2:]
        keys = (key for day in before for key in self.lake.keys(day_folder("reports", self.generation, day)))
        return evidence.owners(self.lake, self.generation) | {
            one.owner for one in map(SegmentKey.parse, keys) if one
        }


def _lag(shard: Shard, unread: Records) -> Problem:
    what = f"lag: from here on, arrived {unread.arrived_at(0):%F %T} UTC, the shard is not committed"
    return Problem(what, shard.shard_id, str(unread.position(0)), kind=Kind.LAG)
