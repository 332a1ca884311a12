"""A shard's chain: the segments that were committed one after the other, each from where the last ended."""

from __future__ import annotations

import io
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from operator import attrgetter
from typing import TYPE_CHECKING, Final

import polars as pl

from stream_worker import evidence, gap
from stream_worker.committed import days
from stream_worker.errors import SetupError
from stream_worker.records import START, Position
from stream_worker.seen import Seen, nonces
from stream_worker.segment import (
    LIVE,
    Segment,
    Summary,
    rejects_key,
    segment_key,
    shard_prefix,
    start_of,
)
from stream_worker.shard import Shard

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import date

    from stream_worker.evidence import Evidence
    from stream_worker.gap import Gap
    from stream_worker.lake import Lake

_DAYS_LOOKED_AT: Final = 2
_READERS: Final = 16  # objects read at a time for a day's nonces: S3's latency counts, not its bandwidth


@dataclass(frozen=True, slots=True)
class Commit:
    """How a commit ended: the chain's new end, and whether it is our segment that took the step.

    `last_arrival` is the latest in the segment, in ms since 1970 UTC.
    """

    end: Position
    ours: bool
    last_arrival: int | None = None


@dataclass(frozen=True, slots=True)
class Tail:
    """A chain's last segment: its end, and the latest arrival in it (ms since 1970 UTC), None without one."""

    end: Position = START
    last_arrival: int | None = None


class Chain:
    """The chain of one shard in one generation of the lake."""

    def __init__(self, lake: Lake, shard: Shard, generation: str = LIVE) -> None:
        self._lake = lake
        self._shard = shard
        self._generation = generation

    @property
    def shard(self) -> Shard:
        """The shard whose chain it is."""
        return self._shard

    def end(self) -> Position:
        """Return where the chain ends: the position to go on from, or `START`."""
        return self.tail().end

    def tail(self) -> Tail:
        """Return the chain's last segment, as far as it says where and when it ends.

        The two newest days that have segments of this shard are looked at: a straggler's segment may stand in
        the day before midnight and yet be the last.
        """
        tails: list[Tail] = []
        for day in reversed(days(self._lake, self._generation)):
            keys = self._keys(day, self._shard.shard_id)
            if keys:
                tails.append(self._tail_of(max(keys, key=start_of)))
            if len(tails) == _DAYS_LOOKED_AT:
                break
        return max(tails, key=attrgetter("end"), default=Tail())

    def commit(self, segment: Segment) -> Commit:
        """Take the chain's next step with this segment, or learn who took it.

        The rejects are written first, so that a committed segment always has them. When the key is taken,
        a segment from the same start is there already: our own, if a crash or a lost answer came after the
        PUT, or another owner's. Either way the chain goes on from its end.
        """
        epoch, shard_id = self._shard.epoch, self._shard.shard_id
        if segment.rejects is not None:
            key = rejects_key(self._generation, epoch, shard_id, segment)
            self._lake.put_new(key, segment.rejects, segment.summary.metadata)
        key = segment_key(self._generation, segment.day, epoch, shard_id, segment.start)
        if self._lake.put_new(key, segment.reports, segment.summary.metadata):
            return Commit(segment.summary.last, ours=True, last_arrival=segment.summary.last_arrival)
        tail = self._tail_of(key)
        return Commit(tail.end, ours=False, last_arrival=tail.last_arrival)

    def nonces(self, day: date, start: Position) -> pl.Series:
        """Return the nonces that the day's segment from `start` accepted."""
        key = segment_key(self._generation, day, self._shard.epoch, self._shard.shard_id, start)
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

    def _tail_of(self, key: str) -> Tail:
        try:
            summary = Summary.parse(self._lake.metadata(key))
        except (KeyError, ValueError) as error:
            text = (
                f"{key} is no segment of this worker's: move it out of the lake, then start the worker again"
            )
            raise SetupError(text) from error
        return Tail(summary.last, summary.last_arrival)

    def _keys(self, day: date, shard_id: str) -> list[str]:
        return list(
            self._lake.keys(shard_prefix("reports", self._generation, day, self._shard.epoch, shard_id))
        )

    def _read_nonces(self, key: str) -> pl.Series:
        stack_ids = pl.read_parquet(io.BytesIO(self._lake.get(key)), columns=["stack_id"])
        return stack_ids.select(nonces(pl.col("stack_id"))).to_series()
