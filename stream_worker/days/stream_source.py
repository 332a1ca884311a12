"""The stream as a replay's source: reads the days' records again."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from stream_worker.days.completeness import Completeness
from stream_worker.days.replay import Origin
from stream_worker.process.errors import RefusedError
from stream_worker.process.problem import Kind, Problem

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date, datetime

    from stream_worker.lake.committed import CommittedDay
    from stream_worker.lake.keys import Owner
    from stream_worker.lake.store import Lake
    from stream_worker.process.progress import Move
    from stream_worker.stream.kinesis import KinesisStream
    from stream_worker.stream.span import Span

Engine = Callable[["Span", str, "Move"], bool]
"""Settles a span into a generation; returns False if asked to stop before the end."""


@dataclass(frozen=True, slots=True)
class StreamSource:
    """The records of a stream, as long as it retains them; an engine reads them."""

    stream: KinesisStream
    lake: Lake
    engine: Engine
    now: Callable[[], datetime]
    origin: Origin = Origin.STREAM

    def check(self, span: Span, live: Mapping[date, CommittedDay]) -> None:
        """Refuse a span that begins before the retention, or has records of shards no longer listed."""
        since = self.stream.retained_since(self.now())
        listed = {shard.owner for shard in self.stream.shards()}
        if span.since < since:
            whole = since.date() + timedelta(days=1)
            raise RefusedError(
                f"the stream {self.stream.name} holds only what has arrived since {since:%F %T} UTC: replay"
                f" from {whole} on, and earlier days with --source lake"
            )
        forgotten = {owner for day in live.values() for owner in day.by_owner()} - listed
        if forgotten:
            problems = [
                Problem("forgotten: the stream does not list it", shard_id, kind=Kind.FORGOTTEN)
                for _, shard_id in sorted(forgotten)
            ]
            raise RefusedError("records of the span are only in the lake: use --source lake", problems)

    def settle(self, span: Span, target: str, move: Move) -> bool:
        """Let the engine read the span."""
        return self.engine(span, target, move)

    def prove(self, day: CommittedDay, grace: timedelta) -> Mapping[Owner, str]:
        """Prove from the stream that the replay has all records of the day."""
        completeness = Completeness(self.stream, self.lake, grace, day.generation, self.now)
        proven = completeness.prove(day.day)
        lags = [shard.lag for shard in proven if shard.lag is not None]
        if lags:
            raise RefusedError(f"{day.day} was not completely replayed: run the same command again", lags)
        return {(shard.epoch, shard.shard_id): str(shard.proof) for shard in proven}
