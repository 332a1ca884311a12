"""The shards of a stream with their ancestors, as Kinesis lists them."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from stream_worker.stream.shard import Shard

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from mypy_boto3_kinesis import KinesisClient
    from mypy_boto3_kinesis.type_defs import HashKeyRangeTypeDef


def list_shards(kinesis: KinesisClient, stream: str) -> list[Shard]:
    """Return every shard that the stream still knows, closed ones too, parents before children."""
    summary = kinesis.describe_stream_summary(StreamName=stream)["StreamDescriptionSummary"]
    epoch = int(summary["StreamCreationTimestamp"].timestamp())
    pages = kinesis.get_paginator("list_shards").paginate(StreamName=stream)
    listed = {shard["ShardId"]: shard for page in pages for shard in page["Shards"]}
    parents = {
        shard_id: [shard[key] for key in ("ParentShardId", "AdjacentParentShardId") if key in shard]
        for shard_id, shard in listed.items()
    }
    shards = [
        Shard(epoch, shard_id, ancestors(shard_id, parents), hash_keys(shard["HashKeyRange"]))
        for shard_id, shard in listed.items()
    ]
    return sorted(shards, key=lambda shard: (len(shard.ancestors), shard.shard_id))


def is_expired(kinesis: KinesisClient, stream: str, shard: Shard) -> bool:
    """Say whether the stream does not list a shard any more; raises what boto3 does without the stream."""
    return shard.owner not in {listed.owner for listed in list_shards(kinesis, stream)}


def held_since(kinesis: KinesisClient, stream: str, now: datetime) -> datetime:
    """Return since when the stream still holds what has arrived."""
    summary = kinesis.describe_stream_summary(StreamName=stream)["StreamDescriptionSummary"]
    return now - timedelta(hours=summary["RetentionPeriodHours"])


def hash_keys(bounds: HashKeyRangeTypeDef) -> range:
    """Return a shard's hash keys; Kinesis names the last one, not the one after it."""
    return range(int(bounds["StartingHashKey"]), int(bounds["EndingHashKey"]) + 1)


def ancestors(shard_id: str, parents: Mapping[str, list[str]]) -> tuple[str, ...]:
    """Return the shard's parents, their parents and so on, each once; those no longer listed are left out.

    Each shard is looked at once: the paths back through splits and merges double with each cycle of them.
    """
    found: dict[str, None] = {}
    generation = [shard_id]
    while generation:
        older = dict.fromkeys(
            parent for shard in generation for parent in parents[shard] if parent in parents
        )
        generation = [parent for parent in older if parent not in found]
        found |= older
    return tuple(found)
