"""The proof, from the stream itself, that a day is committed to its end on every shard."""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import TYPE_CHECKING

from botocore.exceptions import BotoCoreError, ClientError

from stream_worker.aws_errors import told
from stream_worker.chain import Chain
from stream_worker.engines.reader import READ_SECONDS, ShardReader
from stream_worker.engines.shards import held_since, list_shards
from stream_worker.problem import Kind, Problem
from stream_worker.segment import LIVE
from stream_worker.span import Span

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import date, timedelta

    from mypy_boto3_kinesis import KinesisClient

    from stream_worker.chain import Tail
    from stream_worker.lake import Lake
    from stream_worker.records import Records
    from stream_worker.shard import Shard


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
    """The stream no longer holds it: what is committed of the shard is all there will ever be."""


@dataclass(frozen=True, slots=True)
class Proven:
    """A shard's proof, or the first record of the day that is not committed."""

    epoch: int
    shard_id: str
    proof: Proof | None
    lag: Problem | None = None


@dataclass(frozen=True, slots=True)
class Completeness:
    """Proves days complete in one generation; `grace` is how far out of order a shard's arrivals may be."""

    kinesis: KinesisClient
    stream: str
    lake: Lake
    grace: timedelta
    generation: str = LIVE
    now: Callable[[], datetime] = lambda: datetime.now(UTC)
    pause: Callable[[float], None] = time.sleep

    def prove(self, day: date) -> list[Proven]:
        """Return a proof or a lag for each shard that the stream lists, closed ones included.

        The day must have been over for `grace`. Raises as the poll engine does.
        """
        span = Span(day, day, self.grace)
        try:
            since = held_since(self.kinesis, self.stream, self.now())
            shards = list_shards(self.kinesis, self.stream)
            return [self._prove(shard, span, since) for shard in shards]
        except (BotoCoreError, ClientError) as error:
            raise told(error, f"stream {self.stream}", "METRICS_STREAM, AWS_REGION") from error

    def _prove(self, shard: Shard, span: Span, since: datetime) -> Proven:
        tail = Chain(self.lake, shard, self.generation).tail()
        if tail.last_arrival is not None and tail.last_arrival >= span.over.timestamp() * 1000:
            return Proven(shard.epoch, shard.shard_id, Proof.COMMITTED)
        unseen = tail.last_arrival is not None and tail.last_arrival < since.timestamp() * 1000
        if unseen and span.since < since:
            gap = _forgotten(shard, tail, since)
            return Proven(shard.epoch, shard.shard_id, Proof.FORGOTTEN, gap)
        reader = ShardReader(self.kinesis, self.stream, shard, tail.end, span.since)
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


def _forgotten(shard: Shard, tail: Tail, since: datetime) -> Problem:
    what = f"gap: the stream has forgotten what may have arrived from here on until {since:%F %T} UTC"
    return Problem(what, shard.shard_id, str(tail.end), kind=Kind.FORGOTTEN)


def _lag(shard: Shard, unread: Records) -> Problem:
    what = f"lag: from here on, arrived {unread.arrived_at(0):%F %T} UTC, the shard is not committed"
    return Problem(what, shard.shard_id, str(unread.position(0)), kind=Kind.LAG)
