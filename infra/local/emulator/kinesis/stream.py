"""An emulated stream: puts lose nothing, reshards leave the past alone, retention has an effect."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import pairwise
from threading import RLock
from typing import Any

from moto.kinesis.exceptions import InvalidArgumentError, ResourceNotFoundError
from moto.kinesis.models import Stream

from infra.local.emulator.clocks import CLOCKS
from infra.local.emulator.kinesis.shard import LoggedShard, Page


@dataclass(frozen=True, slots=True)
class Reading:
    """What GetRecords answers: a page, and, if it ends a closed shard, the shards that go on from there."""

    page: Page
    ended: bool
    children: list[dict[str, Any]]


class LockedStream(Stream):
    """A stream that takes one put, reshard or read at a time, as moto's many threads do not.

    Without the lock two puts take the same number and one of the two acknowledged records is lost.
    """

    def init_shards(self, shard_count: int) -> None:
        """Make the first shards, equal parts of the hash range. moto's constructor calls this."""
        self.lock = RLock()
        self.clock = CLOCKS.begin(self.stream_name)
        now = self.clock.now()
        self.creation_datetime = datetime.fromtimestamp(now, UTC).replace(tzinfo=None)  # as moto has it
        self.shard_count = shard_count
        self.shards = {}
        self._made = shard_count
        bounds = [2**128 * index // shard_count for index in range(shard_count + 1)]
        for index, (start, end) in enumerate(pairwise(bounds)):
            shard = LoggedShard(index, start, end - 1, born=int(now), clock=self.clock)
            self.shards[shard.shard_id] = shard

    @property
    def retention_period_hours(self) -> int:
        """How long a record can be read after it has arrived; a closed shard is listed as long."""
        return self._retention_hours

    @retention_period_hours.setter
    def retention_period_hours(self, hours: int) -> None:
        with self.lock:
            if hasattr(self, "_retention_hours"):
                self.forget()  # a longer retention does not give back what is gone
            self._retention_hours = hours

    def forget(self) -> None:
        """Forget what is past retention by the stream's clock: records, and shards that were closed then."""
        with self.lock:
            horizon = self.clock.now() - self._retention_hours * 3600
            for shard in self._all():
                shard.forget(horizon)
                if shard.closed_at is not None and shard.closed_at < horizon:
                    del self.shards[shard.shard_id]

    def get_shard_for_key(self, partition_key: str, explicit_hash_key: str) -> LoggedShard:
        """Return the open shard that a key belongs to; moto finds the closed parent first, or none at all."""
        if not isinstance(partition_key, str) or not 0 < len(partition_key) <= 256:  # noqa: PLR2004 - Kinesis's limit
            raise InvalidArgumentError("partition_key")
        if explicit_hash_key:
            key = int(explicit_hash_key)
        else:
            key = int(hashlib.md5(partition_key.encode(), usedforsecurity=False).hexdigest(), 16)
        for shard in self._open():
            if shard.starting_hash <= key <= shard.ending_hash:
                return shard
        raise InvalidArgumentError("explicit_hash_key")

    def put_record(self, partition_key: str, explicit_hash_key: str, data: str) -> tuple[str, str]:
        """Append a record to its shard and return (sequence number, shard id)."""
        with self.lock:
            shard = self.get_shard_for_key(partition_key, explicit_hash_key)
            return shard.put_record(partition_key, data, explicit_hash_key), shard.shard_id

    def read(self, shard_id: str, after: int, limit: int) -> Reading:
        """Return what follows the number `after` on a shard."""
        with self.lock:
            self.forget()
            shard = self._shard(shard_id)
            page = shard.page(after, limit, self.clock.now())
            if not page.at_tip or shard.is_open:
                return Reading(page, ended=False, children=[])
            return Reading(page, ended=True, children=self._children(shard_id))

    def split_shard(self, shard_to_split: str, new_starting_hash_key: str) -> None:
        """Close a shard and open two in its place; its records stay, where moto puts them in the children."""
        with self.lock:
            (parent,) = self._closable(shard_to_split)
            at = int(new_starting_hash_key)
            if not parent.starting_hash < at < parent.ending_hash:
                raise InvalidArgumentError(f"NewStartingHashKey {at} is not inside shard {shard_to_split}.")
            ranges = [(parent.starting_hash, at - 1), (at, parent.ending_hash)]
            self._succeed([parent], ranges)

    def merge_shards(self, shard_to_merge: str, adjacent_shard_to_merge: str) -> None:
        """Close two neighbours, given in either order, and open one in their place; their records stay."""
        with self.lock:
            parents = self._closable(shard_to_merge, adjacent_shard_to_merge)
            lower, upper = sorted(parents, key=lambda shard: shard.starting_hash)
            if lower.ending_hash + 1 != upper.starting_hash:
                raise InvalidArgumentError(
                    f"Shards {shard_to_merge} and {adjacent_shard_to_merge} are not adjacent."
                )
            self._succeed(parents, [(lower.starting_hash, upper.ending_hash)])

    def to_json_summary(self) -> dict[str, Any]:
        """Describe the stream; moto counts the shards that it was made with, not those that are open."""
        summary: dict[str, Any] = super().to_json_summary()
        summary["StreamDescriptionSummary"]["OpenShardCount"] = len(self._open())
        return summary

    def _succeed(self, parents: Sequence[LoggedShard], ranges: Sequence[tuple[int, int]]) -> None:
        # A second after the youngest parent at least: a child's numbers must be greater than its parents'.
        born = max(int(self.clock.now()), *(parent.born + 1 for parent in parents))
        ids = [parent.shard_id for parent in parents] + [None]
        for start, end in ranges:
            child = LoggedShard(self._made, start, end, ids[0], ids[1], born, self.clock)
            self.shards[child.shard_id] = child
            self._made += 1
        for parent in parents:
            parent.is_open, parent.closed_at = False, self.clock.now()

    def _closable(self, *shard_ids: str) -> list[LoggedShard]:
        shards = [self._shard(shard_id) for shard_id in shard_ids]
        for shard in shards:
            if not shard.is_open:
                raise InvalidArgumentError(f"Shard {shard.shard_id} has already been merged or split.")
        return shards

    def _children(self, shard_id: str) -> list[dict[str, Any]]:
        return [
            {
                "ShardId": shard.shard_id,
                "ParentShards": [parent for parent in (shard.parent, shard.adjacent_parent) if parent],
                "HashKeyRange": shard.to_json()["HashKeyRange"],
            }
            for shard in self.shards.values()
            if shard_id in {shard.parent, shard.adjacent_parent}
        ]

    def _all(self) -> list[LoggedShard]:
        return [shard for shard in self.shards.values() if isinstance(shard, LoggedShard)]

    def _open(self) -> list[LoggedShard]:
        return [shard for shard in self._all() if shard.is_open]

    def _shard(self, shard_id: str) -> LoggedShard:
        shard = self.shards.get(shard_id)
        if not isinstance(shard, LoggedShard):
            raise ResourceNotFoundError(f"Shard {shard_id} in stream {self.stream_name} does not exist.")
        return shard
