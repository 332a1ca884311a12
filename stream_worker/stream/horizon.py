"""How far back a shard can be read, asked of Kinesis itself."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final, Literal

import structlog

from stream_worker.process.errors import WorkerError
from stream_worker.stream.kinesis import ShardNotFoundError
from stream_worker.stream.reader import ShardReader

if TYPE_CHECKING:
    from stream_worker.stream.kinesis import KinesisStream, Summary
    from stream_worker.stream.records import Position
    from stream_worker.stream.shard import Shard

_MARGIN_SECONDS: Final = 3600
"""A record counts as forgotten so long before retention ends: clocks may be off, and answers may be late."""

log = structlog.get_logger("horizon")


@dataclass(frozen=True, slots=True)
class KinesisHorizon:
    """A shard's horizon; raises as `KinesisStream` does."""

    stream: KinesisStream
    shard: Shard

    def now(self) -> float:
        """Return the time (seconds since 1970) by Kinesis's own clock, which dates the arrivals, too."""
        return self.stream.summary().now

    def holds(self, position: Position) -> bool:
        """Return whether the record at a position can be read: an iterator at a lost one gives the next."""
        try:
            return self._first_at(position) == position.sequence_number
        except ShardNotFoundError:
            return False  # a closed shard that is past retention

    def remembers(self, moment: int) -> bool:
        """Return whether arrivals at a moment (ms since 1970 UTC) can be read, by the stream's retention."""
        return moment > _begins(self.stream.summary()) * 1000

    def began_within(self) -> bool:
        """Return whether the shard is so young that none of its records can have been forgotten."""
        return self.began_after(datetime.fromtimestamp(_begins(self.stream.summary()), UTC))

    def began_after(self, moment: datetime) -> bool:
        """Return whether Kinesis proves that the shard was made after the moment.

        At the moment the shard was open, already closed, or not made yet. Only in the last case is it missing
        among the shards open at the moment and listed among those open from then on. A service that ignores
        the filters lists it both times, which proves nothing.
        """
        try:
            return not self._is_listed("AT_TIMESTAMP", moment) and self._is_listed("FROM_TIMESTAMP", moment)
        except WorkerError as error:
            cause = error.__cause__ or error
            log.warning("horizon.unknown", shard_id=self.shard.shard_id, error=type(cause).__name__)
            return False

    def _is_listed(self, kind: Literal["AT_TIMESTAMP", "FROM_TIMESTAMP"], moment: datetime) -> bool:
        return self.shard.shard_id in self.stream.listed_ids(kind, moment)

    def _first_at(self, position: Position) -> int | None:
        reader = ShardReader(self.stream, self.shard, position, page=1)
        while reader.last is None:
            page = reader.read()
            if page is not None and page.at_tip:
                break
        return reader.last


def _begins(summary: Summary) -> float:
    return summary.now - summary.retention.total_seconds() + _MARGIN_SECONDS
