"""Shards as a stream lists them."""

from __future__ import annotations

from stream_worker.stream.shards import ListedShard


def shard(number: int, *parents: int, closed: bool = False) -> ListedShard:
    """Return a shard with all hash keys."""
    ids = tuple(f"shardId-{parent:012d}" for parent in parents)
    return ListedShard(f"shardId-{number:012d}", ids, is_closed=closed)
