"""Evidence that a shard was read beyond its last segment: to its tip at a time, or to its end.

A chain says when its last record arrived. On a quiet shard that becomes older than the stream's retention
with nothing lost, so the owner that reads such a shard to its tip writes that down, every two hours at most,
and the one that reads a closed shard to its end does so once. Keys say everything; `until` is in ms since
1970 UTC:

    shards/live/tip/<epoch>.<shard>/<chain's end>.<until>
    shards/live/tip/<epoch>.<shard>/<chain's end>.end
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from stream_worker.lake.link import Owner
    from stream_worker.lake.store import Lake
    from stream_worker.stream.records import Position

_END: Final = "end"


@dataclass(frozen=True, slots=True)
class Evidence:
    """Of one shard: nothing arrived between its chain's end and `until` (ms; 0 if nothing is known)."""

    until: int = 0
    ended: bool = False


def read(lake: Lake, generation: str, owner: Owner, end: Position) -> Evidence:
    """Return what is known of a shard whose chain ends at a position."""
    prefix = f"{_folder(generation, owner)}{end}."
    names = [key.removeprefix(prefix) for key in lake.keys(prefix)]
    times = [int(name) for name in names if name.isdecimal()]
    return Evidence(max(times, default=0), _END in names)


def write_tip(lake: Lake, generation: str, owner: Owner, end: Position, until: int) -> None:
    """Write down that a shard was read to its tip."""
    lake.put_new(f"{_folder(generation, owner)}{end}.{until:013d}", b"", {})


def write_end(lake: Lake, generation: str, owner: Owner, end: Position) -> None:
    """Write down that a closed shard was read to its end."""
    lake.put_new(f"{_folder(generation, owner)}{end}.{_END}", b"", {})


def owners(lake: Lake, generation: str) -> set[Owner]:
    """Return the shards of which anything was written down."""
    found = set()
    for name in lake.folders(f"shards/{generation}/tip/"):
        epoch, _, shard_id = name.partition(".")
        if epoch.isdecimal() and shard_id:
            found.add((int(epoch), shard_id))
    return found


def _folder(generation: str, owner: Owner) -> str:
    epoch, shard_id = owner
    return f"shards/{generation}/tip/{epoch}.{shard_id}/"
