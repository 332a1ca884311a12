"""Counts a day's records on the stream again and compares their positions with those in the lake."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import polars as pl

from stream_worker.audit.positions import padded_positions, position_of
from stream_worker.audit.shard_positions import ShardPositions
from stream_worker.lake.expiry import KEPT_FOR
from stream_worker.process.problem import Problem
from stream_worker.stream.kinesis import ShardNotFoundError
from stream_worker.stream.reader import ShardReader
from stream_worker.stream.span import Span

if TYPE_CHECKING:
    from collections.abc import Callable, Collection
    from datetime import date, timedelta

    from stream_worker.lake.keys import Owner
    from stream_worker.process.progress import Move, Progress
    from stream_worker.stream.kinesis import KinesisStream
    from stream_worker.stream.shard import Shard


@dataclass(slots=True)
class Recounted:
    """What a recount found: problems, and notes worth knowing that are not problems."""

    problems: list[Problem] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


@dataclass(slots=True)
class _OnStream:
    """The padded positions of a shard's records of a day; `oldest` is the first that the stream still holds.

    `oldest` is None if the stream holds nothing of the day or later, and empty if it also holds records from
    before the day.
    """

    positions: pl.Series
    oldest: str | None
    dropped: int


@dataclass(frozen=True, slots=True)
class Recount:
    """Recounts days from a stream; `grace` is how far out of order the arrivals of a shard may be."""

    stream: KinesisStream
    grace: timedelta
    progress: Progress

    def compare(
        self, day: date, owners: Collection[Owner], records: int, in_lake: Callable[[Owner], ShardPositions]
    ) -> Recounted:
        """Compare every shard that the stream lists with the positions of its rows in the lake.

        `owners` are the shards of which the lake has the day's `records`. Raises as the poll engine does.
        """
        found = Recounted()
        listed: set[Owner] = set()
        span = Span(day, day, self.grace)
        with self.progress("records recounted", records) as move:
            for shard in self.stream.shards():
                on_stream = self._read_listed(shard, span, move)
                if on_stream is not None:
                    listed.add(shard.owner)
                    _compare(shard.shard_id, on_stream, in_lake(shard.owner), found)
        found.notes += [
            f"{shard_id}: the stream no longer lists the shard, or was re-created; not recounted"
            for epoch, shard_id in sorted(owners)
            if (epoch, shard_id) not in listed
        ]
        return found

    def _read_listed(self, shard: Shard, span: Span, move: Move) -> _OnStream | None:
        """Return None if the shard has expired since it was listed."""
        try:
            return self._read(shard, span, move)
        except ShardNotFoundError:
            if self.stream.lists(shard):
                raise
            return None

    def _read(self, shard: Shard, span: Span, move: Move) -> _OnStream:
        reader = ShardReader(self.stream, shard, since=span.since)
        found = _OnStream(pl.Series("position", dtype=pl.String), None, 0)
        pieces = [found.positions]
        while True:
            page = reader.read()
            if page is None:
                continue
            found.dropped += sum(span.start <= arrived < span.end for arrived in page.dropped)
            if found.oldest is None and len(page.records):
                before = page.records.arrivals[0] < span.start
                found.oldest = "" if before else str(padded_positions(page.records[:1])[0])
            pieces.append(padded_positions(span.of(page.records)))
            move(len(pieces[-1]))
            if page.at_tip or span.passed(page.records):
                found.positions = pl.concat(pieces)
                return found


def _compare(shard_id: str, on_stream: _OnStream, in_lake: ShardPositions, found: Recounted) -> None:
    positions = on_stream.positions
    missing, counted = in_lake.without_row(positions)
    if len(missing):
        what = (
            f"uncommitted: {len(missing)} of {len(positions)} records on the stream are not in the lake, from"
        )
        found.problems.append(Problem(f"{what} here on", shard_id, str(position_of(str(missing.min())))))
    for expired, records in in_lake.miscounted(positions, on_stream.oldest):
        kind = "uncommitted" if records > expired.records else "extra"
        what = (
            f"{kind}: {records} records on the stream where the lake counts {expired.records} after this one"
        )
        found.problems.append(Problem(what, shard_id, str(position_of(expired.after))))
    if len(counted):
        what = f"{len(counted):,} records on the stream were compared by count alone; {KEPT_FOR}"
        found.notes.append(f"{shard_id}: {what}")
    alone, _ = ShardPositions(positions).without_row(in_lake.positions)
    kept = alone.filter(alone >= on_stream.oldest) if on_stream.oldest is not None else alone.clear()
    if len(kept):
        what = f"extra: {len(kept)} records in the lake are not on the stream, which still has that time"
        found.problems.append(Problem(what, shard_id, str(position_of(str(kept.min())))))
    if len(alone) > len(kept):
        forgotten = len(alone) - len(kept)
        found.notes.append(f"{shard_id}: the stream has forgotten {forgotten:,} of the records in the lake")
    if on_stream.dropped:
        what = f"{on_stream.dropped:,} members of aggregates on the stream could not be decoded; see the log"
        found.notes.append(f"{shard_id}: {what}")
