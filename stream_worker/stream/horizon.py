"""How far back a shard can be read, asked of Kinesis itself."""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Final

import structlog
from botocore.exceptions import BotoCoreError, ClientError

from stream_worker.process.aws_errors import told_of_stream
from stream_worker.stream.reader import ShardReader

if TYPE_CHECKING:
    from mypy_boto3_kinesis import KinesisClient
    from mypy_boto3_kinesis.literals import ShardFilterTypeType
    from mypy_boto3_kinesis.type_defs import DescribeStreamSummaryOutputTypeDef

    from stream_worker.stream.records import Position
    from stream_worker.stream.shard import Shard

_MARGIN_SECONDS: Final = 3600
"""For clocks that are off and answers that waited: so long before its time a record counts as forgotten."""

log = structlog.get_logger("horizon")


@dataclass(frozen=True, slots=True)
class KinesisHorizon:
    """A shard's horizon; raises as the poll engine does."""

    kinesis: KinesisClient
    stream: str
    shard: Shard

    def now(self) -> float:
        """Return the time (seconds since 1970) by Kinesis's own clock, which dates the arrivals, too."""
        return _date(self._summary())

    def holds(self, position: Position) -> bool:
        """Say whether the record at a position can be read; an iterator at one that is gone gives another."""
        with told_of_stream(self.stream):
            try:
                return self._first_at(position) == position.sequence_number
            except self.kinesis.exceptions.ResourceNotFoundException:
                return False  # a closed shard that is past retention

    def remembers(self, moment: int) -> bool:
        """Say whether what arrived at a moment (ms since 1970 UTC) can be read, by the stream's retention."""
        return moment > _begins(self._summary()) * 1000

    def began_within(self) -> bool:
        """Say whether the shard is so young that none of its records can have been forgotten."""
        return self.began_after(datetime.fromtimestamp(_begins(self._summary()), UTC))

    def began_after(self, moment: datetime) -> bool:
        """Say whether it is known that the shard was not open yet.

        It was open at the moment, or closed before it, or made after it: only then it is not among those of
        the moment, and is among those from then on. A service that passes the filters over lists the shard
        both times, which proves nothing.
        """
        try:
            return not self._listed("AT_TIMESTAMP", moment) and self._listed("FROM_TIMESTAMP", moment)
        except (BotoCoreError, ClientError) as error:
            log.warning("horizon.unknown", shard_id=self.shard.shard_id, error=type(error).__name__)
            return False

    def _listed(self, kind: ShardFilterTypeType, moment: datetime) -> bool:
        pages = self.kinesis.get_paginator("list_shards").paginate(
            StreamName=self.stream, ShardFilter={"Type": kind, "Timestamp": moment}
        )
        return any(shard["ShardId"] == self.shard.shard_id for page in pages for shard in page["Shards"])

    def _first_at(self, position: Position) -> int | None:
        reader = ShardReader(self.kinesis, self.stream, self.shard, position, page=1)
        while reader.last is None:
            page = reader.read()
            if page is not None and page.at_tip:
                break
        return reader.last

    def _summary(self) -> DescribeStreamSummaryOutputTypeDef:
        with told_of_stream(self.stream):
            return self.kinesis.describe_stream_summary(StreamName=self.stream)


def _begins(summary: DescribeStreamSummaryOutputTypeDef) -> float:
    hours = summary["StreamDescriptionSummary"]["RetentionPeriodHours"]
    return _date(summary) - hours * 3600 + _MARGIN_SECONDS


def _date(summary: DescribeStreamSummaryOutputTypeDef) -> float:
    date = summary["ResponseMetadata"]["HTTPHeaders"].get(
        "date"
    )  # HTTP lets a server without a clock leave it out
    return parsedate_to_datetime(date).timestamp() if date else time.time()
