"""Reads one shard of a stream on from a place, page by page, aggregates taken apart."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

import structlog

from stream_worker.stream.aggregates import take_apart
from stream_worker.stream.records import START, Records
from stream_worker.stream.tip import Tip

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from mypy_boto3_kinesis import KinesisClient
    from mypy_boto3_kinesis.type_defs import GetShardIteratorInputTypeDef, RecordTypeDef

    from stream_worker.stream.aggregates import Dropped
    from stream_worker.stream.records import Position
    from stream_worker.stream.shard import Shard

PAGE_RECORDS: Final = 10_000
"""The most that GetRecords gives at a time."""

READ_SECONDS: Final = 0.2
"""Between reads of one shard: Kinesis allows five a second, to all who read it."""

log = structlog.get_logger("poll")


@dataclass(frozen=True, slots=True)
class Page:
    """What one read gave; `raw` counts the stream's records, an aggregate as one.

    `milliseconds_behind` is the service's word for the distance to the shard's tip. `at_tip` says that
    there is nothing more to read now, by the pages so far, and `ended` that a closed shard ends here.
    `dropped` has the arrival (ms since 1970 UTC) of each member of an aggregate that became no record.
    """

    records: Records
    raw: int
    milliseconds_behind: int
    at_tip: bool
    ended: bool
    dropped: tuple[int, ...] = ()


@dataclass(slots=True)
class ShardReader:
    """Reads on after a position; where that is `START`, what arrived at `since` or from the trim horizon on.

    `after` may lie inside an aggregate, whose record is then read again, members before it included. Raises
    what boto3 raises.
    """

    kinesis: KinesisClient
    stream: str
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
        """Read a page; None when the iterator had expired and the next read takes a new one."""
        self._iterator = self._iterator or self._new_iterator()
        try:
            page = self.kinesis.get_records(ShardIterator=self._iterator, Limit=self.page)
        except self.kinesis.exceptions.ExpiredIteratorException:
            self._iterator = None
            return None
        whole = to_records(page["Records"])
        records, dropped = take_apart(whole, self.shard.hash_keys)
        for aggregate in dropped:
            log.warning(
                "aggregate.dropped",
                shard_id=self.shard.shard_id,
                position=str(aggregate.position),
                members=aggregate.members,
                reason=aggregate.reason,
            )
        if page["Records"]:
            self._last = page["Records"][-1]["SequenceNumber"]
        self._iterator = page.get("NextShardIterator")
        lost = tuple(_arrivals(whole, dropped))
        behind, ended = page["MillisBehindLatest"], self._iterator is None
        at_tip = self._tip.reached(len(whole), behind) or ended
        return Page(records, len(whole), behind, at_tip, ended, lost)

    def _new_iterator(self) -> str:
        request: GetShardIteratorInputTypeDef = {
            "StreamName": self.stream,
            "ShardId": self.shard.shard_id,
            "ShardIteratorType": "TRIM_HORIZON",
        }
        if self._last is not None:
            request["ShardIteratorType"] = "AFTER_SEQUENCE_NUMBER"
            request["StartingSequenceNumber"] = self._last
        elif self.after != START:
            request["ShardIteratorType"] = "AT_SEQUENCE_NUMBER"
            request["StartingSequenceNumber"] = str(self.after.sequence_number)
        elif self.since is not None:
            request["ShardIteratorType"] = "AT_TIMESTAMP"
            request["Timestamp"] = self.since
        return self.kinesis.get_shard_iterator(**request)["ShardIterator"]


def _arrivals(whole: Records, dropped: list[Dropped]) -> Iterator[int]:
    """Yield the arrival of each member that was dropped of a page's aggregates."""
    if not dropped:
        return
    arrivals = dict(zip(map(int, whole.sequence_numbers), whole.arrivals, strict=True))
    for aggregate in dropped:
        yield from [arrivals[aggregate.position.sequence_number]] * aggregate.members


def to_records(page: list[RecordTypeDef]) -> Records:
    """Return boto3's records as columns, aggregates whole."""
    return Records(
        bodies=[record["Data"] for record in page],
        partition_keys=[record["PartitionKey"] for record in page],
        sequence_numbers=[record["SequenceNumber"] for record in page],
        sub_sequence_numbers=[0] * len(page),
        arrivals=[round(record["ApproximateArrivalTimestamp"].timestamp() * 1000) for record in page],
    )
