"""A shard of the stream, and the shards that it came from."""

from dataclasses import dataclass
from typing import Final

ALL_HASH_KEYS: Final = range(2**128)
"""Every hash key that a partition key can have."""


@dataclass(frozen=True, slots=True)
class Shard:
    """A shard: `epoch` is when its stream was made (seconds since 1970), as a new stream reuses shard ids.

    `ancestors` are all shards that it was split or merged from, as far as the stream still knows them,
    `hash_keys` those of the records that it takes.
    """

    epoch: int
    shard_id: str
    ancestors: tuple[str, ...] = ()
    hash_keys: range = ALL_HASH_KEYS

    @property
    def owner(self) -> tuple[int, str]:
        """Whose chain the shard's segments are."""
        return self.epoch, self.shard_id

    @property
    def lineage(self) -> tuple[str, ...]:
        """The shard and its ancestors: where a deployment that reports to it may have reported before."""
        return (self.shard_id, *self.ancestors)
