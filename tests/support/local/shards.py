"""Reading a stream in the tests, as a consumer would."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from mypy_boto3_kinesis import KinesisClient
    from mypy_boto3_kinesis.literals import ShardIteratorTypeType
    from mypy_boto3_kinesis.type_defs import GetRecordsOutputTypeDef, RecordTypeDef


@dataclass(frozen=True)
class Reader:
    kinesis: KinesisClient
    stream: str

    def shard_ids(self) -> list[str]:
        return [shard["ShardId"] for shard in self.kinesis.list_shards(StreamName=self.stream)["Shards"]]

    def iterator(
        self, shard_id: str, kind: ShardIteratorTypeType = "TRIM_HORIZON", **more: str | datetime
    ) -> str:
        answer = self.kinesis.get_shard_iterator(
            StreamName=self.stream,
            ShardId=shard_id,
            ShardIteratorType=kind,
            **more,  # type: ignore[arg-type] # one of two
        )
        return answer["ShardIterator"]

    def pages(self, iterator: str, limit: int = 10_000) -> Iterator[GetRecordsOutputTypeDef]:
        """Read up to the tip, or to the end of a closed shard."""
        while True:
            page = self.kinesis.get_records(ShardIterator=iterator, Limit=limit)
            yield page
            if "NextShardIterator" not in page or page["MillisBehindLatest"] == 0:
                return
            iterator = page["NextShardIterator"]

    def records(self, shard_id: str) -> list[RecordTypeDef]:
        return [record for page in self.pages(self.iterator(shard_id)) for record in page["Records"]]

    def data(self, shard_id: str) -> list[bytes]:
        return [record["Data"] for record in self.records(shard_id)]


def put(kinesis: KinesisClient, stream: str, *bodies: bytes, key: str = "k") -> list[str]:
    """Put the bodies in one call and return their sequence numbers."""
    answer = kinesis.put_records(
        StreamName=stream, Records=[{"Data": body, "PartitionKey": key} for body in bodies]
    )
    assert answer["FailedRecordCount"] == 0
    return [record["SequenceNumber"] for record in answer["Records"]]
