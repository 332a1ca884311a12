"""Checks what readers of a day are pointed at, the manifests of its runs, and what lies among its rejects."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from stream_worker.lake.keys import LIVE, ManifestKey, RejectsKey, day_folder, manifests_folder, shown_at
from stream_worker.lake.manifest import Manifest
from stream_worker.lake.store import DOCUMENT_BYTES
from stream_worker.process.problem import Kind, Problem
from stream_worker.publication.catalog import SWITCH_ORDER
from stream_worker.stream.records import Position

if TYPE_CHECKING:
    from datetime import date

    from stream_worker.lake.committed import CommittedDay
    from stream_worker.lake.store import Lake
    from stream_worker.publication.publication import Publication


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


def check_readers(publication: Publication, day: date, *, live: bool) -> Pointed:
    """Check the `dt` partitions of a day that has `live` segments or not."""
    found = Pointed(publication.shown(day))
    _read_manifests(publication.lake, day, found)
    seen: dict[str, str] = {}
    for table in SWITCH_ORDER:
        location = publication.catalog.location(table, day)
        shown = shown_at(table, day, location)
        if location is None:
            if live or found.manifests:
                what = f"missing: table {table} has no dt partition for the day, so readers do not see it"
                found.problems.append(Problem(what, key=day_folder(table, LIVE, day)))
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
        found.problems.append(Problem(what, key=publication.catalog.location("reports", day)))
    return found


def check_rejects(lake: Lake, day: CommittedDay) -> tuple[list[Problem], int]:
    """Return the foreign objects among a day's live rejects, and how many rejects are left of lost races."""
    own = {segment.rejects for segment in day.segments}
    folder = day_folder("rejects", day.generation, day.day)
    others = [key for key in lake.keys(folder) if key not in own]
    foreign = [key for key in others if RejectsKey.parse(key) is None]
    what = "foreign: not a rejects object of this worker; move it out of the lake"
    return [Problem(what, key=key, kind=Kind.FOREIGN) for key in foreign], len(others) - len(foreign)


def _read_manifests(lake: Lake, day: date, found: Pointed) -> None:
    folder = manifests_folder(day)
    for key in lake.keys(folder):
        if "/" in key.removeprefix(folder):
            continue
        try:
            manifest = Manifest.decode(lake.find(key, DOCUMENT_BYTES) or b"")
            for source in manifest.sources:
                Position.parse(source.start), Position.parse(source.last)
        except ValueError:
            found.problems.append(Problem("unreadable: not a manifest", key=key))
            continue
        if ManifestKey(day, manifest.run).key != key or manifest.day != day:
            found.problems.append(
                Problem("foreign: the manifest of another run or day", key=key, kind=Kind.FOREIGN)
            )
            continue
        found.manifests[manifest.run] = manifest
