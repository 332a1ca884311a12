"""A shard of the stream, and the shards that it came from."""

from dataclasses import dataclass
from typing import Final

ALL_HASH_KEYS: Final = range(2**128)
"""Every hash key that a partition key can have."""


@dataclass(frozen=True, slots=True)
class Shard:
    """A shard. A new stream reuses shard ids, so `epoch` says when its stream was made (seconds since 1970).

    `ancestors` are all shards that it was split or merged from, as far as the stream still lists them.
    `hash_keys` are those of its records.
    """

    epoch: int
    shard_id: str
    ancestors: tuple[str, ...] = ()
    hash_keys: range = ALL_HASH_KEYS

    @property
    def owner(self) -> tuple[int, str]:
        """The owner of a chain: what identifies the shard among all streams of this name."""
        return self.epoch, self.shard_id

    @property
    def lineage(self) -> tuple[str, ...]:
        """The shard and its ancestors: a deployment that reports to it may have reported to any of them."""
        return (self.shard_id, *self.ancestors)
