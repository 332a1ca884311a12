"""Checks what readers of a day are pointed at, the manifests of its runs, and what lies among its rejects."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from stream_worker.lake import generation
from stream_worker.lake.manifest import Manifest
from stream_worker.lake.segment import LIVE, day_prefix
from stream_worker.lake.store import DOCUMENT_BYTES
from stream_worker.process.problem import Kind, Problem
from stream_worker.stream.records import Position

if TYPE_CHECKING:
    from datetime import date

    from stream_worker.lake.committed import CommittedDay
    from stream_worker.lake.store import Lake
    from stream_worker.publication.readers import Readers

_POSITION: Final = r"\d{56}(?:_\d+)?"
_ORPHAN: Final = re.compile(
    rf"\d+\.[A-Za-z0-9_-]+\.(?:start|{_POSITION})-{_POSITION}\.[0-9a-f]{{16}}\.parquet"
)


@dataclass(slots=True)
class Pointed:
    """What readers of a day see: a generation, None if it is not one of this worker's; and the day's runs."""

    generation: str | None
    manifests: dict[str, Manifest] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)

    @property
    def manifest(self) -> Manifest | None:
        """The manifest of the run to audit: what readers see or, if that has no manifest, the newest."""
        if self.generation == LIVE:
            return None
        last = max(self.manifests.values(), key=lambda run: run.made_at, default=None)
        return self.manifests.get(self.generation or "", last)


def check_readers(readers: Readers, day: date, *, live: bool) -> Pointed:
    """Check the `dt` partitions of a day that has `live` segments or not."""
    found = Pointed(readers.current(day))
    _read_manifests(readers.lake, day, found)
    seen: dict[str, str] = {}
    for table in generation.TABLE_NAMES:
        location = readers.catalog.location(table, day)
        shown = generation.at(table, day, location)
        if location is None:
            if live or found.manifests:
                what = f"missing: table {table} has no dt partition for the day, so readers do not see it"
                found.problems.append(Problem(what, key=day_prefix(table, LIVE, day)))
        elif shown is None:
            what = (
                f"elsewhere: readers of {table} are pointed at something that is not a generation of this day"
            )
            found.problems.append(Problem(what, key=location))
        elif shown != LIVE and shown not in found.manifests:
            what = f"elsewhere: readers of {table} are pointed at a run that has no manifest"
            found.problems.append(Problem(what, key=location))
        elif shown == LIVE and not live:
            what = f"missing: readers of {table} are pointed at the live segments, but there are none"
            found.problems.append(Problem(what, key=location))
        if location is not None:
            seen[table] = shown or location
    if len(set(seen.values())) > 1:
        what = "the tables show two generations: " + ", ".join(f"{name} {at}" for name, at in seen.items())
        found.problems.append(Problem(what, key=readers.catalog.location("reports", day)))
    return found


def check_rejects(lake: Lake, day: CommittedDay) -> tuple[list[Problem], int]:
    """Return the foreign objects among a day's live rejects, and how many rejects are left of lost races."""
    own = {segment.rejects for segment in day.segments}
    prefix = day_prefix("rejects", day.generation, day.day)
    others = [key for key in lake.keys(prefix) if key not in own]
    foreign = [key for key in others if not _ORPHAN.fullmatch(key.removeprefix(prefix))]
    what = "foreign: not a rejects object of this worker; move it out of the lake"
    return [Problem(what, key=key, kind=Kind.FOREIGN) for key in foreign], len(others) - len(foreign)


def _read_manifests(lake: Lake, day: date, found: Pointed) -> None:
    prefix = generation.runs_prefix(day)
    for key in lake.keys(prefix):
        name = key.removeprefix(prefix)
        if "/" in name:
            continue
        try:
            manifest = Manifest.decode(lake.find(key, DOCUMENT_BYTES) or b"")
            for source in manifest.sources:
                Position.parse(source.start), Position.parse(source.last)
        except ValueError:
            found.problems.append(Problem("unreadable: not a manifest", key=key))
            continue
        if generation.manifest_key(day, manifest.run) != key or manifest.day != day:
            found.problems.append(
                Problem("foreign: the manifest of another run or day", key=key, kind=Kind.FOREIGN)
            )
            continue
        found.manifests[manifest.run] = manifest
