"""A shard's chain: segments committed one after the other, each from where the one before ended."""

from __future__ import annotations

import io
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from operator import attrgetter
from typing import TYPE_CHECKING, Final

import polars as pl

from stream_worker.judging.seen import Seen, nonces
from stream_worker.lake import evidence, gap
from stream_worker.lake.beginnings import Beginnings
from stream_worker.lake.committed import days
from stream_worker.lake.keys import LIVE, SegmentKey, shard_prefix
from stream_worker.lake.segment import Segment, Summary, digest, rejects_key
from stream_worker.lake.signpost import is_signpost, next_key, signpost
from stream_worker.process.errors import DamagedError, OutageError, SetupError
from stream_worker.process.problem import Problem
from stream_worker.stream.records import START, Position
from stream_worker.stream.shard import Shard

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import date

    from stream_worker.lake.evidence import Evidence
    from stream_worker.lake.gap import Gap
    from stream_worker.lake.store import Lake

_DAYS_READ: Final = 2
_READERS: Final = 16  # objects read at a time for a day's nonces: S3's latency counts, not its bandwidth


_NO_POSITION_LEFT: Final = (
    "shard {shard_id}: another worker has committed records that come after these of {day}, which the stream"
    " has forgotten. Restart the worker: it goes on from there"
)
_FOREIGN: Final = (
    "{key} is not one of this worker's segments: move it out of the lake, then restart the worker"
)


@dataclass(frozen=True, slots=True)
class Commit:
    """How a commit ended: the chain's new end, and whether our segment took the step.

    If not, `taken` is the day and the key of the segment that did, or None if that was not a segment.
    `last_arrival` is the latest in the segment, in ms since 1970 UTC.
    """

    end: Position
    ours: bool
    taken: tuple[date, str] | None = None
    last_arrival: int | None = None


@dataclass(frozen=True, slots=True)
class Tail:
    """A chain's last object: its end, and the latest arrival in it (ms since 1970 UTC), None without one.

    `day` is the day of the next step's key, None before the first; `signpost` is whether the object is one.
    """

    end: Position = START
    last_arrival: int | None = None
    day: date | None = None
    signpost: bool = False


class Chain:
    """The chain of one shard in one generation of the lake."""

    def __init__(self, lake: Lake, shard: Shard, generation: str = LIVE) -> None:
        self._lake = lake
        self._shard = shard
        self._generation = generation
        self._beginnings = Beginnings(lake, generation, shard.epoch)
        self._tail: Tail | None = None

    @property
    def shard(self) -> Shard:
        """The chain's shard."""
        return self._shard

    def end(self) -> Position:
        """Read where the chain ends: the position to go on from, or `START`."""
        self._tail = self.tail()
        return self._tail.end

    def tail(self) -> Tail:
        """Read where and when the chain's last segment ends.

        The two newest days that have segments of this shard are read: a straggler's segment may be in the day
        before midnight and still be the last.
        """
        if self._beginnings.has_none(self._shard.shard_id):
            return Tail()
        tails: list[Tail] = []
        for day in reversed(days(self._lake, self._generation)):
            keys = self._keys(day, self._shard.shard_id)
            if keys:
                tails.append(self._tail_at(max(keys, key=attrgetter("start"))))
            if len(tails) == _DAYS_READ:
                break
        return max(tails, key=attrgetter("end"), default=Tail())

    def commit(self, segment: Segment) -> Commit:
        """Take the chain's next step with this segment, or find out which segment took it.

        The rejects are written first, so that a committed segment always has them. When the key is taken,
        a segment from the same start exists already: our own, if a crash or a lost answer came after the
        PUT, or another owner's. Either way the chain goes on from its end.

        Each step has one key (see `signpost`), whatever day its records are of. If another owner, which did
        not have these records, has put a signpost at this segment's key, the chain goes on right before the
        segment's first record: what is between is a gap. Raises `OutageError` if no position is between.
        """
        rejects = rejects_key(self._key(segment.day, segment.start), segment.summary)
        if rejects is not None and segment.rejects is not None:
            self._lake.put_new(rejects, segment.rejects, segment.summary.metadata)
        step = self._next_step(segment.day)
        while step.start <= segment.start:
            taken = self._take(step, segment)
            if taken is not None:
                return taken
            step = self._next_step(segment.day)
        latest = self._tail.last_arrival if self._tail else None
        return Commit(step.start, ours=False, last_arrival=latest)

    def _take(self, step: SegmentKey, segment: Segment) -> Commit | None:
        """Take a step with the segment if it is the segment's own, else with a signpost; or find its taker.

        Return None if there is a signpost now; the chain's tail is what follows the step.
        """
        latest = self._tail.last_arrival if self._tail else None
        own = self._key(segment.day, segment.start)
        if step == own:
            if self._lake.put_new(step.key, segment.reports, segment.summary.metadata):
                self._tail = Tail(segment.summary.last, segment.summary.last_arrival, step.day)
                return Commit(segment.summary.last, ours=True, last_arrival=segment.summary.last_arrival)
        else:
            to = self._free_step(own, step, segment)
            if self._lake.put_new(step.key, *signpost(to, segment, latest)):
                self._tail = Tail(to.start, latest, to.day, signpost=True)
                return None
        self._tail = self._tail_at(step)
        if self._tail.signpost:
            return None
        end, last_arrival = max(segment.start, self._tail.end), self._tail.last_arrival
        return Commit(end, ours=False, taken=(step.day, step.key), last_arrival=last_arrival)

    def _free_step(self, own: SegmentKey, after: SegmentKey, segment: Segment) -> SegmentKey:
        """Return a segment's own step or, if a signpost has taken it, the one right before its records."""
        if own.key not in self._lake.keys(own.key) or not self._tail_at(own).signpost:
            return own
        before = segment.first.before
        if before <= after.start:
            raise OutageError(_NO_POSITION_LEFT.format(shard_id=self._shard.shard_id, day=segment.day))
        return replace(own, start=before)

    def _next_step(self, day: date) -> SegmentKey:
        """Return the key of the next step; `day` is where a chain without a segment would begin."""
        tail = self._tail or self.tail()
        if tail.day is None:
            tail = replace(tail, day=self._beginnings.note(self._shard.shard_id, day))
        self._tail = tail
        return self._key(tail.day or day, tail.end)

    def nonces(self, key: str) -> pl.Series:
        """Return the nonces that a segment accepted."""
        return self._read_nonces(key)

    def seen(self, day: date) -> Seen:
        """Return the nonces that this shard and its ancestors have accepted on the day, as committed."""
        seen = Seen()
        keys = [key.key for shard_id in self._shard.lineage for key in self._keys(day, shard_id)]
        with ThreadPoolExecutor(_READERS) as readers:
            for batch in readers.map(self._read_nonces, keys):
                seen.add(batch.filter(~seen.contains(batch)))
        return seen

    def evidence(self, end: Position) -> Evidence:
        """Return how far the shard is known to be read beyond the chain's end."""
        return evidence.read(self._lake, self._generation, self._shard.owner, end)

    def ancestors_arrivals(self) -> Iterator[int]:
        """Yield the last arrival of each ancestor that has segments (ms since 1970 UTC)."""
        for shard_id in self._shard.ancestors:
            ancestor = Chain(self._lake, Shard(self._shard.epoch, shard_id), self._generation)
            last = ancestor.tail().last_arrival
            if last is not None:
                yield last

    def write_gap(self, found: Gap) -> None:
        """Record that records may be missing."""
        gap.write(self._lake, self._generation, found)

    def write_tip(self, end: Position, until: int) -> None:
        """Record that the shard was read to its tip."""
        evidence.write_tip(self._lake, self._generation, self._shard.owner, end, until)

    def write_end(self, end: Position) -> None:
        """Record that the shard is closed and was read to its end."""
        evidence.write_end(self._lake, self._generation, self._shard.owner, end)

    def _tail_at(self, key: SegmentKey) -> Tail:
        metadata = self._lake.metadata(key.key)
        try:
            summary, step = Summary.parse(metadata), next_key(key, metadata)
        except (KeyError, ValueError) as error:
            raise SetupError(_FOREIGN.format(key=key.key)) from error
        return Tail(step.start, summary.last_arrival or None, step.day, is_signpost(summary))

    def _key(self, day: date, start: Position) -> SegmentKey:
        return SegmentKey(self._generation, day, self._shard.epoch, self._shard.shard_id, start)

    def _keys(self, day: date, shard_id: str) -> list[SegmentKey]:
        """List a shard's segments of a day; raise `SetupError` for a foreign object among them."""
        keys = self._lake.keys(shard_prefix("reports", self._generation, day, self._shard.epoch, shard_id))
        return [_parsed(key) for key in keys]

    def _read_nonces(self, key: str) -> pl.Series:
        body, metadata = self._lake.with_metadata(key)
        if metadata.get("reports") != digest(body):
            what = "damaged: not the bytes that were committed"
            raise DamagedError(Problem(what, self._shard.shard_id, str(_parsed(key).start), key))
        stack_ids = pl.read_parquet(io.BytesIO(body), columns=["stack_id"])
        return stack_ids.select(nonces(pl.col("stack_id"))).to_series()


def _parsed(key: str) -> SegmentKey:
    found = SegmentKey.parse(key)
    if found is None:
        raise SetupError(_FOREIGN.format(key=key))
    return found
