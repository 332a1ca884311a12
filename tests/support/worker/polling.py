"""The poll engine in this process, on a stream of the emulated Kinesis, with a lake in memory."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from stream_worker.engines.poll import PollEngine
from stream_worker.lake.chain import Chain
from stream_worker.process.limits import Limits
from stream_worker.process.stop import Stop
from stream_worker.shard_life.processor import Processor
from stream_worker.stream.kinesis import KinesisStream
from tests.support.worker.samples import body

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mypy_boto3_kinesis import KinesisClient

    from stream_worker.lake.store import MemoryLake
    from stream_worker.stream.shard import Shard
    from tests.conftest import Cloud

NEVER = Limits(records=10**6, bytes=10**9, seconds=10**6)


def put(cloud: Cloud, stream: str, numbers: Sequence[int]) -> list[tuple[str, int]]:
    """Put the reports of these deployments; return where Kinesis says they are."""
    entries = [{"Data": body(number), "PartitionKey": f"key-{number}"} for number in numbers]
    answer = cloud.kinesis.put_records(StreamName=stream, Records=entries)  # type: ignore[arg-type] # plain dicts
    return [(record["ShardId"], int(record["SequenceNumber"])) for record in answer["Records"]]


def engine(
    kinesis: KinesisClient, stream: str, lake: MemoryLake, limits: Limits = NEVER, *, drain: bool = True
) -> PollEngine:
    def make_processor(shard: Shard) -> Processor:
        return Processor(Chain(lake, shard), limits, lambda _: None)

    return PollEngine(KinesisStream(kinesis, stream), make_processor, Stop(), drain=drain, page=7)


def split(cloud: Cloud, stream: str, shard_id: str) -> None:
    shards = cloud.kinesis.list_shards(StreamName=stream)["Shards"]
    keys = next(shard["HashKeyRange"] for shard in shards if shard["ShardId"] == shard_id)
    middle = (int(keys["StartingHashKey"]) + int(keys["EndingHashKey"])) // 2
    cloud.kinesis.split_shard(StreamName=stream, ShardToSplit=shard_id, NewStartingHashKey=str(middle))


class Expiring:
    """A client whose iterators have expired each time at first."""

    def __init__(self, kinesis: KinesisClient) -> None:
        self._kinesis = kinesis
        self._fresh = False

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - whatever the client has
        return getattr(self._kinesis, name)

    def get_records(self, **arguments: Any) -> Any:  # noqa: ANN401 - the client's own
        self._fresh = not self._fresh
        if self._fresh:
            error = {"Error": {"Code": "ExpiredIteratorException", "Message": ""}}
            raise self._kinesis.exceptions.ExpiredIteratorException(error, "GetRecords")  # type: ignore[arg-type] # as botocore makes it
        return self._kinesis.get_records(**arguments)
