"""Every key of the bucket: each kind of object has one class here, which makes its key and parses it.

    reports/live/dt=2026-11-23/
        <epoch>.<shard>.<start>.parquet                     SegmentKey    a segment's accepted rows
    rejects/live/dt=2026-11-23/
        <epoch>.<shard>.<start>-<last>.<digest>.parquet     RejectsKey    what the segment rejected
    reports/replay/run=<name>/dt=2026-11-22/...             the same two  a replay's own segments
    rejects/replay/run=<name>/dt=2026-11-22/...
    reports/sealed/dt=2026-11-22/run=<run>/                 RunFolder     a sealed day, or one that is written
        part-00000.parquet                                  PartKey
    rejects/sealed/dt=2026-11-22/run=<run>/...
    runs/dt=2026-11-22/
        <run>.json                                          ManifestKey   what a run is made of
        switches/<time>.<live or run>.json                  SwitchKey     readers were pointed at it
        expiring/<run>.json                                 ExpiringKey   the run is being removed
    chains/live/                                            (and chains/replay/run=<name>/)
        <epoch>                                             StreamKey     beginnings are noted for this stream
        <epoch>.<shard>                                     BeginningKey  the day in which a chain begins
    shards/live/                                            (and shards/replay/run=<name>/)
        gap/<epoch>.<shard>.<end>.<since>-<until>.<why>     GapKey        records after <end> may be missing
        tip/<epoch>.<shard>/                                TipFolder     evidence about one shard
            <end>.<until>                                   TipKey        read to its tip at <until>
            <end>.end                                       EndKey        read to its end

`<epoch>` is when the stream was made (seconds since 1970 UTC), `<shard>` a shard id. `<start>`, `<last>` and
`<end>` are positions (`start` or 56 digits, and `_<number>` for a member of an aggregate), `<since>` and
`<until>` milliseconds since 1970 UTC in 13 digits, `<digest>` and `<run>` hexadecimal.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, ClassVar, Final

from stream_worker.lake.key_layout import TIME, Layout

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from stream_worker.stream.records import Position

LIVE: Final = "live"
"""The generation that the worker writes; others have names of their own."""

RUNS: Final = "runs/"
"""The folder of all that is written about runs, with a folder for each day."""

Owner = tuple[int, str]
"""A stream's epoch and a shard id: the shard that a chain belongs to."""


@dataclass(frozen=True, slots=True)
class SegmentKey(Layout):
    """A segment's key, a function of what was committed before it: only one segment can take it.

    It says where the segment begins, not where it ends: it goes on from `start`.
    """

    layout: ClassVar[str] = "reports/{generation}/dt={day}/{epoch}.{shard_id}.{start}.parquet"

    generation: str
    day: date
    epoch: int
    shard_id: str
    start: Position

    @property
    def owner(self) -> Owner:
        """The shard whose chain it is in."""
        return self.epoch, self.shard_id


@dataclass(frozen=True, slots=True)
class RejectsKey(Layout):
    """The key of what a segment rejected: both of the segment's ends and a digest of the content.

    So a worker of another version that settles the same records (a rolling deployment, a process that wakes
    up late) cannot replace what a committed segment has rejected.
    """

    layout: ClassVar[str] = "rejects/{generation}/dt={day}/{epoch}.{shard_id}.{start}-{last}.{digest}.parquet"

    generation: str
    day: date
    epoch: int
    shard_id: str
    start: Position
    last: Position
    digest: str


@dataclass(frozen=True, slots=True)
class RunFolder(Layout):
    """The folder of a run's rows of one table."""

    layout: ClassVar[str] = "{table}/sealed/dt={day}/run={run}/"

    table: str
    day: date
    run: str


@dataclass(frozen=True, slots=True)
class PartKey(Layout):
    """The key of one of a run's files; they are numbered from 0."""

    layout: ClassVar[str] = "{table}/sealed/dt={day}/run={run}/part-{number:05d}.parquet"

    table: str
    day: date
    run: str
    number: int


def days_folder(table: str, generation: str) -> str:
    """Return the folder that has a folder for each day."""
    return f"{table}/{generation}/"


def day_folder(table: str, generation: str, day: date) -> str:
    """Return the folder of a day's segments, or of their rejects."""
    return f"{days_folder(table, generation)}dt={day}/"


def shard_prefix(table: str, generation: str, day: date, epoch: int, shard_id: str) -> str:
    """Return how the keys of a shard's segments of one day begin, or of their rejects."""
    return f"{stream_prefix(table, generation, day, epoch)}{shard_id}."


def stream_prefix(table: str, generation: str, day: date, epoch: int) -> str:
    """Return how the keys of a stream's segments of one day begin, or of their rejects."""
    return f"{day_folder(table, generation, day)}{epoch}."


def days_in(folders: Iterable[str]) -> list[date]:
    """Return the days of folders with names like `dt=2026-11-22`; any others are passed over."""
    found = []
    for folder in folders:
        with suppress(ValueError):
            day = date.fromisoformat(folder.removeprefix("dt="))
            if folder == f"dt={day}":
                found.append(day)
    return found


def replay_generation(name: str) -> str:
    """Return the generation into which a replay of this name writes segments of its own."""
    return f"replay/run={name}"


def sealed_folder(table: str, day: date) -> str:
    """Return the folder that has a folder for each of a day's runs."""
    return day_folder(table, "sealed", day)


def shown_folder(table: str, day: date, shown: str) -> str:
    """Return the folder that readers are pointed at to see a generation: `live`, or the id of a run."""
    return day_folder(table, LIVE, day) if shown == LIVE else RunFolder(table, day, shown).key


def shown_at(table: str, day: date, location: str | None) -> str | None:
    """Return the generation that readers see at a location; None if it is not one of the day's."""
    if location is None:
        return None
    if location == day_folder(table, LIVE, day):
        return LIVE
    found = RunFolder.parse(location)
    return found.run if found is not None and (found.table, found.day) == (table, day) else None


@dataclass(frozen=True, slots=True)
class ManifestKey(Layout):
    """The key of a run's manifest."""

    layout: ClassVar[str] = "runs/dt={day}/{run}.json"

    day: date
    run: str


@dataclass(frozen=True, slots=True)
class SwitchKey(Layout):
    """The key of a note that readers of a day were pointed at a generation; their order is that of time."""

    layout: ClassVar[str] = f"runs/dt={{day}}/switches/{{at:{TIME}}}.{{shown}}.json"

    day: date
    at: datetime
    shown: str


@dataclass(frozen=True, slots=True)
class ExpiringKey(Layout):
    """The key of a note that a run is being removed; it is there for as long as that takes."""

    layout: ClassVar[str] = "runs/dt={day}/expiring/{run}.json"

    day: date
    run: str


def manifests_folder(day: date) -> str:
    """Return the folder of a day's manifests, which has the folders of its notes too."""
    return f"{RUNS}dt={day}/"


def switches_folder(day: date) -> str:
    """Return the folder of the notes of a day's switches."""
    return f"{manifests_folder(day)}switches/"


def expiring_folder(day: date) -> str:
    """Return the folder of the notes of a day's runs that are being removed."""
    return f"{manifests_folder(day)}expiring/"


@dataclass(frozen=True, slots=True)
class StreamKey(Layout):
    """The key of a note that the beginnings of all chains of a stream are noted."""

    layout: ClassVar[str] = "chains/{generation}/{epoch}"

    generation: str
    epoch: int


@dataclass(frozen=True, slots=True)
class BeginningKey(Layout):
    """The key of a note in which day a shard's chain begins."""

    layout: ClassVar[str] = "chains/{generation}/{epoch}.{shard_id}"

    generation: str
    epoch: int
    shard_id: str


@dataclass(frozen=True, slots=True)
class GapKey(Layout):
    """The key of a gap: after `end`, what arrived from `since` to `until` (ms) may be missing, and why."""

    layout: ClassVar[str] = "shards/{generation}/gap/{epoch}.{shard_id}.{end}.{since:013d}-{until:013d}.{why}"

    generation: str
    epoch: int
    shard_id: str
    end: Position
    since: int
    until: int
    why: str


@dataclass(frozen=True, slots=True)
class TipFolder(Layout):
    """The folder of the evidence how far a shard was read beyond its chain's end."""

    layout: ClassVar[str] = "shards/{generation}/tip/{epoch}.{shard_id}/"

    generation: str
    epoch: int
    shard_id: str


@dataclass(frozen=True, slots=True)
class TipKey(Layout):
    """The key of evidence that nothing followed a chain's `end` on its shard until a time (ms)."""

    layout: ClassVar[str] = "shards/{generation}/tip/{epoch}.{shard_id}/{end}.{until:013d}"

    generation: str
    epoch: int
    shard_id: str
    end: Position
    until: int


@dataclass(frozen=True, slots=True)
class EndKey(Layout):
    """The key of evidence that nothing can follow a chain's `end`: its shard is closed."""

    layout: ClassVar[str] = "shards/{generation}/tip/{epoch}.{shard_id}/{end}.end"

    generation: str
    epoch: int
    shard_id: str
    end: Position


def gaps_folder(generation: str) -> str:
    """Return the folder of all gaps."""
    return f"shards/{generation}/gap/"


def tips_folder(generation: str) -> str:
    """Return the folder that has a folder of evidence for each shard."""
    return f"shards/{generation}/tip/"
