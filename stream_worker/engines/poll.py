"""The poll engine: one thread reads every shard of the stream, parents before children.

For one machine, tests and bounded replays. It keeps no state: each shard goes on where its chain in the lake
ends. Production runs on the Kinesis Client Library.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

import structlog
from botocore.exceptions import BotoCoreError, ClientError

from stream_worker.aws_errors import told
from stream_worker.engines.aggregates import take_apart
from stream_worker.engines.shards import list_shards
from stream_worker.records import START, Records

if TYPE_CHECKING:
    from collections.abc import Callable

    from mypy_boto3_kinesis import KinesisClient
    from mypy_boto3_kinesis.type_defs import (
        GetRecordsOutputTypeDef,
        GetShardIteratorInputTypeDef,
        RecordTypeDef,
    )

    from stream_worker.processor import Processor
    from stream_worker.shard import Shard
    from stream_worker.stop import Stop

_PAGE: Final = 10_000  # records: the most that GetRecords gives at a time
_READ_SECONDS: Final = 0.2  # between reads of one shard: Kinesis allows five a second
_LISTING_SECONDS: Final = 10.0  # between listings of the shards, while nothing has ended

log = structlog.get_logger("poll")


@dataclass(slots=True)
class _Reader:
    """A shard under way: `last` is the sequence number read last, `next_read` the steady time to wait for."""

    shard: Shard
    processor: Processor
    last: str | None = None
    iterator: str | None = None
    next_read: float = 0.0
    at_tip: bool = False


@dataclass(slots=True)
class PollEngine:
    """Reads `stream` until `stop` is set or, with `drain`, to each shard's tip as it was at the start."""

    kinesis: KinesisClient
    stream: str
    make_processor: Callable[[Shard], Processor]
    stop: Stop
    drain: bool = False
    page: int = _PAGE
    clock: Callable[[], float] = time.monotonic
    _readers: dict[str, _Reader] = field(default_factory=dict)
    _finished: set[str] = field(default_factory=set)
    _started: float = 0.0
    _next_listing: float = 0.0

    def run(self) -> None:
        """Read and hand on; return when asked to, or drained, with everything committed.

        Raises `SetupError` when the stream is missing or refused, `OutageError` when Kinesis does not answer.
        """
        try:
            self._read_on()
        except (BotoCoreError, ClientError) as error:
            raise told(error, f"stream {self.stream}", "METRICS_STREAM, AWS_REGION") from error

    def _read_on(self) -> None:
        self._started = self.clock()
        scope = {shard.shard_id for shard in list_shards(self.kinesis, self.stream)} if self.drain else None
        while not self.stop.is_set():
            if self.clock() >= self._next_listing:
                self._start_shards(scope)
            got_records = [self._read(reader) for reader in list(self._readers.values())]
            if scope is not None and scope <= self._finished:
                return
            if not any(got_records):
                self.stop.wait(_READ_SECONDS)
        for reader in self._readers.values():
            reader.processor.finish()

    def _start_shards(self, scope: set[str] | None) -> None:
        self._next_listing = self.clock() + _LISTING_SECONDS
        shards = list_shards(self.kinesis, self.stream)
        for shard in shards:
            known = shard.shard_id in self._readers or shard.shard_id in self._finished
            wanted = scope is None or shard.shard_id in scope
            if wanted and not known and self._finished.issuperset(shard.ancestors):
                self._readers[shard.shard_id] = _Reader(shard, self.make_processor(shard))

    def _read(self, reader: _Reader) -> bool:
        """Read one page of a shard when its time has come; say whether it held records."""
        now = self.clock()
        if now < reader.next_read:
            return False
        reader.next_read = now + _READ_SECONDS
        reader.iterator = reader.iterator or self._iterator(reader)
        try:
            page = self.kinesis.get_records(ShardIterator=reader.iterator, Limit=self.page)
        except self.kinesis.exceptions.ExpiredIteratorException:
            reader.iterator = None
            return True
        self._hand_on(reader, page)
        reader.iterator = page.get("NextShardIterator")
        if reader.iterator is None or self._drained(reader, page, now):
            self._finish(reader.shard.shard_id)
        return len(page["Records"]) > 0

    @staticmethod
    def _hand_on(reader: _Reader, page: GetRecordsOutputTypeDef) -> None:
        records, dropped = take_apart(to_records(page["Records"]), reader.shard.hash_keys)
        for aggregate in dropped:
            log.warning(
                "aggregate.dropped",
                shard_id=reader.shard.shard_id,
                position=str(aggregate.position),
                members=aggregate.members,
                reason=aggregate.reason,
            )
        if page["Records"]:
            reader.last = page["Records"][-1]["SequenceNumber"]
        if len(records):
            reader.processor.receive(records, page["MillisBehindLatest"])
        else:
            reader.processor.tick(page["MillisBehindLatest"])

    def _drained(self, reader: _Reader, page: GetRecordsOutputTypeDef, asked_at: float) -> bool:
        """Say whether a page that was asked for at `asked_at` reached what was the tip at the engine's start.

        The page ends so many milliseconds before the present, which is not before `asked_at`. A full page may
        say 0 and yet end among records of one millisecond: unless it is empty, another one has to agree.
        """
        was_at_tip = reader.at_tip
        reader.at_tip = page["MillisBehindLatest"] <= (asked_at - self._started) * 1000
        return self.drain and reader.at_tip and (was_at_tip or not page["Records"])

    def _finish(self, shard_id: str) -> None:
        self._readers.pop(shard_id).processor.finish()
        self._finished.add(shard_id)
        self._next_listing = 0.0  # its children can start

    def _iterator(self, reader: _Reader) -> str:
        """Return an iterator that goes on after what was handed on, or where the chain ends.

        That end may lie inside an aggregate, so its record is read again; the processor passes over what is
        committed.
        """
        request: GetShardIteratorInputTypeDef = {
            "StreamName": self.stream,
            "ShardId": reader.shard.shard_id,
            "ShardIteratorType": "TRIM_HORIZON",
        }
        if reader.last is not None:
            request["ShardIteratorType"] = "AFTER_SEQUENCE_NUMBER"
            request["StartingSequenceNumber"] = reader.last
        elif reader.processor.end != START:
            request["ShardIteratorType"] = "AT_SEQUENCE_NUMBER"
            request["StartingSequenceNumber"] = str(reader.processor.end.sequence_number)
        return self.kinesis.get_shard_iterator(**request)["ShardIterator"]


def to_records(page: list[RecordTypeDef]) -> Records:
    """Return boto3's records as columns, aggregates whole."""
    return Records(
        bodies=[record["Data"] for record in page],
        partition_keys=[record["PartitionKey"] for record in page],
        sequence_numbers=[record["SequenceNumber"] for record in page],
        sub_sequence_numbers=[0] * len(page),
        arrivals=[round(record["ApproximateArrivalTimestamp"].timestamp() * 1000) for record in page],
    )
