"""Evidence that a shard was read beyond its last segment: to its tip at a time, or to its end.

A chain says when its last record arrived. On a quiet shard that becomes older than the stream's retention
although nothing is lost. So an owner that reads such a shard to its tip records that, every two hours at
most, and the owner that reads a closed shard to its end records that once. The objects are empty; their keys
(`keys.TipKey` and `keys.EndKey`) say everything.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from stream_worker.lake.keys import EndKey, TipFolder, TipKey, tips_folder

if TYPE_CHECKING:
    from stream_worker.lake.keys import Owner
    from stream_worker.lake.store import Lake
    from stream_worker.stream.records import Position


@dataclass(frozen=True, slots=True)
class Evidence:
    """Of one shard: nothing arrived between its chain's end and `until` (ms; 0 if nothing is known)."""

    until: int = 0
    ended: bool = False


def read(lake: Lake, generation: str, owner: Owner, end: Position) -> Evidence:
    """Return what is known about a shard whose chain ends at a position."""
    ended = EndKey(generation, *owner, end).key
    keys = list(lake.keys(ended.removesuffix("end")))
    times = [tip.until for tip in map(TipKey.parse, keys) if tip is not None]
    return Evidence(max(times, default=0), ended in keys)


def write_tip(lake: Lake, generation: str, owner: Owner, end: Position, until: int) -> None:
    """Record that a shard was read to its tip."""
    lake.put_new(TipKey(generation, *owner, end, until).key, b"", {})


def write_end(lake: Lake, generation: str, owner: Owner, end: Position) -> None:
    """Record that a closed shard was read to its end."""
    lake.put_new(EndKey(generation, *owner, end).key, b"", {})


def owners(lake: Lake, generation: str) -> set[Owner]:
    """Return the shards for which there is any evidence."""
    tips = tips_folder(generation)
    found = (TipFolder.parse(f"{tips}{name}/") for name in lake.folders(tips))
    return {(folder.epoch, folder.shard_id) for folder in found if folder is not None}
