"""One Kinesis stream: the only code that knows boto3's Kinesis client, its answers and its errors."""

from __future__ import annotations

import time
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Final, Literal, Self

from stream_worker.process import clients
from stream_worker.process.aws_errors import worker_errors
from stream_worker.process.errors import SetupError
from stream_worker.stream.records import Records
from stream_worker.stream.shards import ListedShard, with_ancestors

if TYPE_CHECKING:
    from collections.abc import Iterator
    from contextlib import AbstractContextManager
    from datetime import datetime

    from mypy_boto3_kinesis import KinesisClient
    from mypy_boto3_kinesis.literals import ShardIteratorTypeType
    from mypy_boto3_kinesis.type_defs import (
        DescribeStreamSummaryOutputTypeDef,
        GetShardIteratorInputTypeDef,
        HashKeyRangeTypeDef,
        RecordTypeDef,
        ShardTypeDef,
    )

    from stream_worker.stream.shard import Shard

PAGE_RECORDS: Final = 10_000
"""The most records that GetRecords returns at a time."""

READ_SECONDS: Final = 0.2
"""Between reads of one shard: Kinesis allows five a second, for all readers together."""


class ShardNotFoundError(SetupError):
    """Kinesis does not find the shard or its stream; a closed shard that has expired is no longer listed."""


@dataclass(frozen=True, slots=True)
class Summary:
    """When the stream was made (seconds since 1970), how long it retains records, and Kinesis's own time."""

    epoch: int
    retention: timedelta
    now: float


@dataclass(frozen=True, slots=True)
class RawPage:
    """What GetRecords returned, aggregates whole; without a `next_iterator` a closed shard ends here."""

    records: Records
    milliseconds_behind: int
    next_iterator: str | None


@dataclass(frozen=True, slots=True)
class KinesisStream:
    """A stream by its name; every call raises `SetupError` if it is missing or refused, else `OutageError`.

    `OutageError` means that Kinesis did not answer in time, the client's own retries included.
    """

    client: KinesisClient
    name: str

    @classmethod
    def connect(cls, name: str) -> Self:
        """Return the stream that the AWS_* variables lead to; raises as `clients.client` does."""
        return cls(clients.client("kinesis"), name)

    def summary(self) -> Summary:
        """Describe the stream."""
        with self._errors():
            answer = self.client.describe_stream_summary(StreamName=self.name)
        described = answer["StreamDescriptionSummary"]
        return Summary(
            int(described["StreamCreationTimestamp"].timestamp()),
            timedelta(hours=described["RetentionPeriodHours"]),
            _date(answer),
        )

    def retained_since(self, now: datetime) -> datetime:
        """Return the earliest arrival that the stream still retains at `now`."""
        return now - self.summary().retention

    def shards(self) -> list[Shard]:
        """Return every shard that the stream lists, closed ones too, parents before children."""
        return with_ancestors(self.summary().epoch, self.listed())

    def lists(self, shard: Shard) -> bool:
        """Return whether the stream still lists the shard; a new stream's shard of the same id is another."""
        return shard.owner in {listed.owner for listed in self.shards()}

    def listed(self) -> list[ListedShard]:
        """Return every shard that the stream lists, closed ones too, in the order of Kinesis."""
        with self._errors():
            pages = self.client.get_paginator("list_shards").paginate(StreamName=self.name)
            return [_listed(shard) for page in pages for shard in page["Shards"]]

    def listed_ids(self, kind: Literal["AT_TIMESTAMP", "FROM_TIMESTAMP"], moment: datetime) -> set[str]:
        """Return the ids of the shards that were open at a moment, or at that moment or later."""
        with self._errors():
            pages = self.client.get_paginator("list_shards").paginate(
                StreamName=self.name, ShardFilter={"Type": kind, "Timestamp": moment}
            )
            return {shard["ShardId"] for page in pages for shard in page["Shards"]}

    def iterator(
        self,
        shard_id: str,
        kind: ShardIteratorTypeType,
        *,
        sequence_number: str | None = None,
        timestamp: datetime | None = None,
    ) -> str:
        """Return an iterator for `read`; raises `ShardNotFoundError` if there is no such shard."""
        request: GetShardIteratorInputTypeDef = {
            "StreamName": self.name,
            "ShardId": shard_id,
            "ShardIteratorType": kind,
        }
        if sequence_number is not None:
            request["StartingSequenceNumber"] = sequence_number
        if timestamp is not None:
            request["Timestamp"] = timestamp
        with self._shard_errors():
            return self.client.get_shard_iterator(**request)["ShardIterator"]

    def read(self, iterator: str, limit: int = PAGE_RECORDS) -> RawPage | None:
        """Read a page; None if the iterator has expired. Raises `ShardNotFoundError` as `iterator` does."""
        with self._shard_errors():
            try:
                page = self.client.get_records(ShardIterator=iterator, Limit=limit)
            except self.client.exceptions.ExpiredIteratorException:
                return None
        return RawPage(to_records(page["Records"]), page["MillisBehindLatest"], page.get("NextShardIterator"))

    def _errors(self) -> AbstractContextManager[None]:
        return worker_errors(f"stream {self.name}", "METRICS_STREAM, AWS_REGION")

    @contextmanager
    def _shard_errors(self) -> Iterator[None]:
        try:
            with self._errors():
                yield
        except SetupError as error:
            if isinstance(error.__cause__, self.client.exceptions.ResourceNotFoundException):
                raise ShardNotFoundError(str(error)) from error.__cause__
            raise


def to_records(page: list[RecordTypeDef]) -> Records:
    """Return boto3's records as columns, aggregates whole."""
    return Records(
        bodies=[record["Data"] for record in page],
        partition_keys=[record["PartitionKey"] for record in page],
        sequence_numbers=[record["SequenceNumber"] for record in page],
        sub_sequence_numbers=[0] * len(page),
        arrivals=[round(record["ApproximateArrivalTimestamp"].timestamp() * 1000) for record in page],
    )


def _listed(shard: ShardTypeDef) -> ListedShard:
    parents = (shard.get("ParentShardId"), shard.get("AdjacentParentShardId"))
    return ListedShard(
        shard["ShardId"],
        tuple(parent for parent in parents if parent),
        _hash_keys(shard["HashKeyRange"]),
        is_closed="EndingSequenceNumber" in shard["SequenceNumberRange"],
    )


def _hash_keys(bounds: HashKeyRangeTypeDef) -> range:
    """Return a shard's hash keys; Kinesis names the last one, not the one after it."""
    return range(int(bounds["StartingHashKey"]), int(bounds["EndingHashKey"]) + 1)


def _date(answer: DescribeStreamSummaryOutputTypeDef) -> float:
    # HTTP lets a server without a clock leave the header out.
    date = answer["ResponseMetadata"]["HTTPHeaders"].get("date")
    return parsedate_to_datetime(date).timestamp() if date else time.time()
