"""Reads one shard of a stream from a position on, page by page, and takes aggregates apart."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import structlog

from stream_worker.stream.aggregates import take_apart
from stream_worker.stream.kinesis import PAGE_RECORDS
from stream_worker.stream.records import START
from stream_worker.stream.tip import Tip

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from stream_worker.stream.aggregates import Dropped
    from stream_worker.stream.kinesis import KinesisStream
    from stream_worker.stream.records import Position, Records
    from stream_worker.stream.shard import Shard

log = structlog.get_logger("poll")


@dataclass(frozen=True, slots=True)
class Page:
    """What one read returned; `raw` counts the stream's records, an aggregate as one.

    `milliseconds_behind` is Kinesis's own measure of the distance to the shard's tip. `at_tip` is true if, by
    the pages so far, there is nothing more to read now; `ended` if a closed shard ends here. `dropped` has
    the arrival (ms since 1970 UTC) of each aggregate member that did not become a record.
    """

    records: Records
    raw: int
    milliseconds_behind: int
    at_tip: bool
    ended: bool
    dropped: tuple[int, ...] = ()


@dataclass(slots=True)
class ShardReader:
    """Reads the records after a position; after `START`, those since `since` or else the trim horizon.

    If `after` is inside an aggregate, the whole aggregate is read again, earlier members included. Raises as
    `KinesisStream` does.
    """

    stream: KinesisStream
    shard: Shard
    after: Position = START
    since: datetime | None = None
    page: int = PAGE_RECORDS
    _last: str | None = None
    _iterator: str | None = None
    _tip: Tip = field(default_factory=Tip)

    @property
    def last(self) -> int | None:
        """The sequence number of the last record that was read; None before the first."""
        return None if self._last is None else int(self._last)

    def read(self) -> Page | None:
        """Read a page; None if the iterator had expired: the next read takes a new one."""
        self._iterator = self._iterator or self._new_iterator()
        page = self.stream.read(self._iterator, self.page)
        if page is None:
            self._iterator = None
            return None
        whole = page.records
        records, dropped = take_apart(whole, self.shard.hash_keys)
        for aggregate in dropped:
            log.warning(
                "aggregate.dropped",
                shard_id=self.shard.shard_id,
                position=str(aggregate.position),
                members=aggregate.members,
                reason=aggregate.reason,
            )
        if len(whole):
            self._last = whole.sequence_numbers[-1]
        self._iterator = page.next_iterator
        lost = tuple(_arrivals(whole, dropped))
        behind, ended = page.milliseconds_behind, self._iterator is None
        at_tip = self._tip.reached(len(whole), behind) or ended
        return Page(records, len(whole), behind, at_tip, ended, lost)

    def _new_iterator(self) -> str:
        stream, shard_id = self.stream, self.shard.shard_id
        if self._last is not None:
            return stream.iterator(shard_id, "AFTER_SEQUENCE_NUMBER", sequence_number=self._last)
        if self.after != START:
            first = str(self.after.sequence_number)
            return stream.iterator(shard_id, "AT_SEQUENCE_NUMBER", sequence_number=first)
        if self.since is not None:
            return stream.iterator(shard_id, "AT_TIMESTAMP", timestamp=self.since)
        return stream.iterator(shard_id, "TRIM_HORIZON")


def _arrivals(whole: Records, dropped: list[Dropped]) -> Iterator[int]:
    """Yield the arrival of each member that was dropped from a page's aggregates."""
    if not dropped:
        return
    arrivals = dict(zip(map(int, whole.sequence_numbers), whole.arrivals, strict=True))
    for aggregate in dropped:
        yield from [arrivals[aggregate.position.sequence_number]] * aggregate.members
