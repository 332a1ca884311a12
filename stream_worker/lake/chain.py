"""A shard's chain: the segments that were committed one after the other, each from where the last ended."""

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
from stream_worker.lake.segment import (
    LIVE,
    Segment,
    Summary,
    digest,
    rejects_key,
    segment_key,
    shard_prefix,
    start_of,
)
from stream_worker.lake.signpost import Place, is_signpost, next_place, signpost
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

_DAYS_LOOKED_AT: Final = 2
_READERS: Final = 16  # objects read at a time for a day's nonces: S3's latency counts, not its bandwidth


_NO_PLACE: Final = (
    "shard {shard_id}: another worker has gone on behind these records of {day}. The stream has forgotten"
    " them. Start the worker again: it goes on from there"
)


@dataclass(frozen=True, slots=True)
class Commit:
    """How a commit ended: the chain's new end, and whether it is our segment that took the step.

    If it is not, `taken` is the day and the key of another owner's segment that did, if it is one.
    `last_arrival` is the latest in the segment, in ms since 1970 UTC.
    """

    end: Position
    ours: bool
    taken: tuple[date, str] | None = None
    last_arrival: int | None = None


@dataclass(frozen=True, slots=True)
class Tail:
    """A chain's last segment: its end, and the latest arrival in it (ms since 1970 UTC), None without one.

    `day` is the one in which the next step is taken, None before the first; `signpost` says what it is.
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
        """The shard whose chain it is."""
        return self._shard

    def end(self) -> Position:
        """Return where the chain ends: the position to go on from, or `START`."""
        self._tail = self.tail()
        return self._tail.end

    def tail(self) -> Tail:
        """Return the chain's last segment, as far as it says where and when it ends.

        The two newest days that have segments of this shard are looked at: a straggler's segment may be in
        the day before midnight and yet be the last.
        """
        if self._beginnings.has_none(self._shard.shard_id):
            return Tail()
        tails: list[Tail] = []
        for day in reversed(days(self._lake, self._generation)):
            keys = self._keys(day, self._shard.shard_id)
            if keys:
                tails.append(self._tail_of(day, max(keys, key=start_of)))
            if len(tails) == _DAYS_LOOKED_AT:
                break
        return max(tails, key=attrgetter("end"), default=Tail())

    def commit(self, segment: Segment) -> Commit:
        """Take the chain's next step with this segment, or learn who took it.

        The rejects are written first, so that a committed segment always has them. When the key is taken,
        a segment from the same start is there already: our own, if a crash or a lost answer came after the
        PUT, or another owner's. Either way the chain goes on from its end.

        Each step has one place (see `signpost`), whatever day its records are of. Where another owner, who
        has not had these records, has closed that of this segment, the chain goes on right before its first
        record: what is between is a gap. Raises `OutageError` if there is no position between.
        """
        if segment.rejects is not None:
            key = rejects_key(self._generation, self._shard.epoch, self._shard.shard_id, segment)
            self._lake.put_new(key, segment.rejects, segment.summary.metadata)
        place = self._next_place(segment.day)
        while place.start <= segment.start:
            taken = self._take(place, segment)
            if taken is not None:
                return taken
            place = self._next_place(segment.day)
        latest = self._tail.last_arrival if self._tail else None
        return Commit(place.start, ours=False, last_arrival=latest)

    def _take(self, place: Place, segment: Segment) -> Commit | None:
        """Take a place, or learn who took it: with the segment if it is its own, else with a signpost to it.

        Return None if there is a signpost now; the chain's tail is what follows the place.
        """
        key, latest = self._key(place), self._tail.last_arrival if self._tail else None
        own = Place(segment.day, segment.start)
        if place == own:
            if self._lake.put_new(key, segment.reports, segment.summary.metadata):
                self._tail = Tail(segment.summary.last, segment.summary.last_arrival, place.day)
                return Commit(segment.summary.last, ours=True, last_arrival=segment.summary.last_arrival)
        else:
            to = self._open_place(own, place, segment)
            if self._lake.put_new(key, *signpost(to, segment, latest)):
                self._tail = Tail(to.start, latest, to.day, signpost=True)
                return None
        self._tail = self._tail_of(place.day, key)
        if self._tail.signpost:
            return None
        end, last_arrival = max(segment.start, self._tail.end), self._tail.last_arrival
        return Commit(end, ours=False, taken=(place.day, key), last_arrival=last_arrival)

    def _open_place(self, own: Place, after: Place, segment: Segment) -> Place:
        """Return a segment's own place or, if there is a signpost in it, the one right before its records."""
        key = self._key(own)
        if key not in self._lake.keys(key) or not self._tail_of(own.day, key).signpost:
            return own
        before = segment.first.before
        if before <= after.start:
            raise OutageError(_NO_PLACE.format(shard_id=self._shard.shard_id, day=segment.day))
        return Place(segment.day, before)

    def _next_place(self, day: date) -> Place:
        """Return where the next step is taken; `day` is where a chain without a segment would begin."""
        tail = self._tail or self.tail()
        if tail.day is None:
            tail = replace(tail, day=self._beginnings.note(self._shard.shard_id, day))
        self._tail = tail
        return Place(tail.day or day, tail.end)

    def nonces(self, key: str) -> pl.Series:
        """Return the nonces that a segment accepted."""
        return self._read_nonces(key)

    def seen(self, day: date) -> Seen:
        """Return the nonces that this shard and its ancestors have accepted on the day, as committed."""
        seen = Seen()
        keys = [key for shard_id in self._shard.lineage for key in self._keys(day, shard_id)]
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
        """Write down that records may be missing."""
        gap.write(self._lake, self._generation, found)

    def write_tip(self, end: Position, until: int) -> None:
        """Write down that the shard was read to its tip."""
        evidence.write_tip(self._lake, self._generation, self._shard.owner, end, until)

    def write_end(self, end: Position) -> None:
        """Write down that the shard is closed and was read to its end."""
        evidence.write_end(self._lake, self._generation, self._shard.owner, end)

    def _tail_of(self, day: date, key: str) -> Tail:
        metadata = self._lake.metadata(key)
        try:
            summary, place = Summary.parse(metadata), next_place(day, metadata)
        except (KeyError, ValueError) as error:
            text = (
                f"{key} is no segment of this worker's: move it out of the lake, then start the worker again"
            )
            raise SetupError(text) from error
        return Tail(place.start, summary.last_arrival or None, place.day, is_signpost(summary))

    def _key(self, place: Place) -> str:
        return segment_key(self._generation, place.day, self._shard.epoch, self._shard.shard_id, place.start)

    def _keys(self, day: date, shard_id: str) -> list[str]:
        return list(
            self._lake.keys(shard_prefix("reports", self._generation, day, self._shard.epoch, shard_id))
        )

    def _read_nonces(self, key: str) -> pl.Series:
        body, metadata = self._lake.with_metadata(key)
        if metadata.get("reports") != digest(body):
            what = "damaged: not the bytes that were committed"
            raise DamagedError(Problem(what, self._shard.shard_id, str(start_of(key)), key))
        stack_ids = pl.read_parquet(io.BytesIO(body), columns=["stack_id"])
        return stack_ids.select(nonces(pl.col("stack_id"))).to_series()
