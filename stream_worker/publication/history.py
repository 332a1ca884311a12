"""A day's generations: which one readers see, how long the others are kept, and their removal."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final

import structlog

from stream_worker.lake.committed import read_day
from stream_worker.lake.keys import (
    LIVE,
    RUNS,
    ExpiringKey,
    ManifestKey,
    RunFolder,
    days_in,
    expiring_folder,
    sealed_folder,
)
from stream_worker.lake.parts import MADE_AT
from stream_worker.publication.catalog import SWITCH_ORDER

if TYPE_CHECKING:
    from datetime import date

    from stream_worker.lake.store import Lake
    from stream_worker.publication.publication import Publication

KEPT: Final = timedelta(days=30)
"""How long a run is kept after readers were switched from it, or after it was made if they never saw it.

It is kept for a rollback. `schemas.retention` promises something else: a run's rejects may expire before it.
"""

_REMOVAL_LASTS: Final = timedelta(hours=12)
"""More than a removal takes, which is minutes; the next day's `expire` completes an interrupted one."""

_NEVER: Final = datetime.max.replace(tzinfo=UTC) - KEPT

log = structlog.get_logger("history")


@dataclass(frozen=True, slots=True)
class Kept:
    """A generation that readers can be pointed at.

    It is kept until `until`: None for the one that readers see, and for the live one. `accepted` and
    `rejected` count rows. `judged_by` has the ids of judgements: several if live segments have several.
    """

    generation: str
    current: bool
    source: str
    accepted: int
    rejected: int
    judged_by: list[str]
    made_at: datetime | None = None
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class History:
    """Lists the generations of a day and removes expired runs. It never removes the live generation."""

    lake: Lake
    publication: Publication

    def of(self, day: date) -> list[Kept]:
        """Return the day's generations: live, if it has segments, then the runs in the order of making."""
        current = self.publication.shown(day)
        live = read_day(self.lake, LIVE, day)
        accepted, records = live.outcomes["accepted"], sum(live.outcomes.values())
        kept = Kept(LIVE, current == LIVE, "stream", accepted, records - accepted, live.judged_by)
        return [*([kept] if records else []), *self._runs(day, current)]

    def _runs(self, day: date, current: str | None) -> list[Kept]:
        # In either table: if a switch is interrupted between the two, readers see two generations.
        seen, switches, found = self.publication.all_shown(day), self.publication.switches(day), list[Kept]()
        for manifest in self.publication.manifests(day):
            run, made_at = manifest.run, manifest.made_at
            replaced_at = max((switch.at for switch in switches if switch.before == run), default=made_at)
            until = None if run in seen else replaced_at + KEPT
            accepted = manifest.outcomes["accepted"]
            rejected = manifest.records - accepted
            judged, source = [manifest.judged_by], manifest.source
            found.append(Kept(run, run == current, source, accepted, rejected, judged, made_at, until))
        return found

    def expire(self, day: date, now: datetime) -> list[str]:
        """Remove runs that were kept long enough and what interrupted seals left; return their ids."""
        runs = self._runs(day, self.publication.shown(day))
        due = [kept.generation for kept in runs if kept.until is not None and kept.until <= now]
        due = list(dict.fromkeys(due + self._unfinished(day, now) + self._being_removed(day)))
        removed = [run for run in due if self._remove(day, run, now)]
        for run in removed:
            log.info("run.expired", day=str(day), run=run)
        return removed

    def _remove(self, day: date, run: str, now: datetime) -> bool:
        """Remove a run, unless readers see it or are being switched to it, or another `expire` removes it.

        This writes a note first, then checks what readers see. A switch of readers also writes its note
        first, then checks for this one: so at least one of the two sees the other and stops. The note is
        deleted last: until then a seal of the same segments makes a run with another id.
        """
        note = ExpiringKey(day, run).key
        if not self.lake.put_new(note, now.isoformat().encode(), {}) and not self._is_stale(note, now):
            return False
        removed = not self._is_in_use(day, run)
        if removed:
            self.lake.delete([ManifestKey(day, run).key])
            for table in SWITCH_ORDER:
                self.lake.delete(list(self.lake.keys(RunFolder(table, day, run).key)))
        self.lake.delete([note])
        return removed

    def _is_in_use(self, day: date, run: str) -> bool:
        switched_to = {switch.after for switch in self.publication.switches(day)[-1:]}
        return run in self.publication.all_shown(day) or run in switched_to

    def _is_stale(self, note: str, now: datetime) -> bool:
        """Return whether the removal that a note is about must have been interrupted."""
        begun = self.lake.find(note)
        return begun is not None and datetime.fromisoformat(begun.decode()) + _REMOVAL_LASTS <= now

    def days(self) -> list[date]:
        """Return the days that have runs, oldest first."""
        return days_in(self.lake.folders(RUNS))

    def _unfinished(self, day: date, now: datetime) -> list[str]:
        """Return runs that were begun long ago and have no manifest: readers have never seen them."""
        begun = {
            folder.run
            for sealed in (sealed_folder(table, day) for table in SWITCH_ORDER)
            for folder in (RunFolder.parse(f"{sealed}{name}/") for name in self.lake.folders(sealed))
            if folder is not None
        }
        left = begun - {manifest.run for manifest in self.publication.manifests(day)}
        if left:  # or being removed by another `expire`, whose note exists until the files are gone
            left -= set(self._being_removed(day))
        return sorted(run for run in left if self._begun(day, run) + KEPT <= now)

    def _being_removed(self, day: date) -> list[str]:
        """Return the runs whose removal was interrupted, or is under way in another `expire`."""
        noted = map(ExpiringKey.parse, self.lake.keys(expiring_folder(day)))
        return [key.run for key in noted if key is not None]

    def _begun(self, day: date, run: str) -> datetime:
        """Return when the newest of a run's files was made; `_NEVER` if none has a date."""
        keys = [key for table in SWITCH_ORDER for key in self.lake.keys(RunFolder(table, day, run).key)]
        dates = [self.lake.metadata(key).get(MADE_AT) for key in keys]
        return max((datetime.fromisoformat(at) for at in dates if at is not None), default=_NEVER)
