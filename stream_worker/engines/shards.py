"""The shards of a stream with their ancestors, as Kinesis lists them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stream_worker.shard import Shard

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mypy_boto3_kinesis import KinesisClient


def list_shards(kinesis: KinesisClient, stream: str) -> list[Shard]:
    """Return every shard that the stream still knows, closed ones too, parents before children."""
    summary = kinesis.describe_stream_summary(StreamName=stream)["StreamDescriptionSummary"]
    epoch = int(summary["StreamCreationTimestamp"].timestamp())
    parents = {
        shard["ShardId"]: [shard[key] for key in ("ParentShardId", "AdjacentParentShardId") if key in shard]
        for page in kinesis.get_paginator("list_shards").paginate(StreamName=stream)
        for shard in page["Shards"]
    }
    shards = [Shard(epoch, shard_id, ancestors(shard_id, parents)) for shard_id in parents]
    return sorted(shards, key=lambda shard: (len(shard.ancestors), shard.shard_id))


def ancestors(shard_id: str, parents: Mapping[str, list[str]]) -> tuple[str, ...]:
    """Return the shard's parents, their parents and so on, each once; those no longer listed are left out."""
    found: dict[str, None] = {}
    generation = parents[shard_id]
    while generation:
        listed = [parent for parent in generation if parent in parents]
        found |= dict.fromkeys(listed)
        generation = [grandparent for parent in listed for grandparent in parents[parent]]
    return tuple(found)
