"""Reshards of an installation's stream, waited for."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mypy_boto3_kinesis.type_defs import ShardTypeDef

    from tests.support.e2e.installation import Installation


def open_shards(installation: Installation) -> list[ShardTypeDef]:
    listed = installation.cloud.kinesis.list_shards(StreamName=installation.cloud.resources.stream)["Shards"]
    return [shard for shard in listed if "EndingSequenceNumber" not in shard["SequenceNumberRange"]]


def await_active(installation: Installation) -> None:
    waiter = installation.cloud.kinesis.get_waiter("stream_exists")
    waiter.wait(StreamName=installation.cloud.resources.stream, WaiterConfig={"Delay": 1, "MaxAttempts": 60})


def split(installation: Installation, shard: ShardTypeDef) -> None:
    low, high = (int(shard["HashKeyRange"][end]) for end in ("StartingHashKey", "EndingHashKey"))
    installation.cloud.kinesis.split_shard(
        StreamName=installation.cloud.resources.stream,
        ShardToSplit=shard["ShardId"],
        NewStartingHashKey=str((low + high) // 2),
    )
    await_active(installation)


def merge(installation: Installation, shard: ShardTypeDef, neighbour: ShardTypeDef) -> None:
    installation.cloud.kinesis.merge_shards(
        StreamName=installation.cloud.resources.stream,
        ShardToMerge=shard["ShardId"],
        AdjacentShardToMerge=neighbour["ShardId"],
    )
    await_active(installation)
