"""Shards as ListShards tells of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mypy_boto3_kinesis.type_defs import ShardTypeDef

LAST = 2**128 - 1


def shard(number: int, *parents: int, closed: bool = False) -> ShardTypeDef:
    """Return a shard as ListShards tells of it."""
    found: ShardTypeDef = {
        "ShardId": f"shardId-{number:012d}",
        "HashKeyRange": {"StartingHashKey": "0", "EndingHashKey": str(LAST)},
        "SequenceNumberRange": {"StartingSequenceNumber": "1"},
    }
    if closed:
        found["SequenceNumberRange"]["EndingSequenceNumber"] = "2"
    if parents:
        found["ParentShardId"] = f"shardId-{parents[0]:012d}"
    if parents[1:]:
        found["AdjacentParentShardId"] = f"shardId-{parents[1]:012d}"
    return found
