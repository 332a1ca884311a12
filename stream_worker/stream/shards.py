"""The shards that a stream lists, and their ancestors."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from stream_worker.stream.shard import ALL_HASH_KEYS, Shard

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping


@dataclass(frozen=True, slots=True)
class ListedShard:
    """A shard as ListShards has it; `parents` are those it was split or merged from, listed or not."""

    shard_id: str
    parents: tuple[str, ...] = ()
    hash_keys: range = ALL_HASH_KEYS
    is_closed: bool = False


def with_ancestors(epoch: int, listed: Collection[ListedShard]) -> list[Shard]:
    """Return a stream's shards, parents before children; it was made at `epoch` (seconds since 1970)."""
    parents = {shard.shard_id: shard.parents for shard in listed}
    shards = [
        Shard(epoch, shard.shard_id, ancestors(shard.shard_id, parents), shard.hash_keys) for shard in listed
    ]
    return sorted(shards, key=lambda shard: (len(shard.ancestors), shard.shard_id))


def ancestors(shard_id: str, parents: Mapping[str, tuple[str, ...]]) -> tuple[str, ...]:
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
