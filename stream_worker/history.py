"""A day's generations: which one readers see, until when the others are kept, and their removal."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final

import structlog

from stream_worker import generation
from stream_worker.committed import read_day
from stream_worker.parts import MADE_AT
from stream_worker.segment import LIVE, day_prefix

if TYPE_CHECKING:
    from datetime import date

    from stream_worker.lake import Lake
    from stream_worker.readers import Readers

KEPT: Final = timedelta(days=30)
"""How long a run is kept after readers were pointed elsewhere, or after it was made if they never saw it.

That is for the way back, and none of what `schemas.retention` promises: its rejects may be gone before it is.
"""

_NEVER: Final = datetime.max.replace(tzinfo=UTC) - KEPT

log = structlog.get_logger("history")


@dataclass(frozen=True, slots=True)
class Kept:
    """A generation that can be read: `until` is None for the one that readers see, and for the live one.

    `accepted` and `rejected` count rows.
    """

    generation: str
    current: bool
    source: str
    accepted: int
    rejected: int
    made_at: datetime | None = None
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class History:
    """Lists and expires the generations of a day. The live one is never removed here."""

    lake: Lake
    readers: Readers

    def of(self, day: date) -> list[Kept]:
        """Return the day's generations: live, if it has segments, then the runs as they were made."""
        current = self.readers.current(day)
        live = read_day(self.lake, LIVE, day).outcomes
        accepted, records = live["accepted"], sum(live.values())
        found = [Kept(LIVE, current == LIVE, "stream", accepted, records - accepted)] if records else []
        return found + self._runs(day, current)

    def _runs(self, day: date, current: str | None) -> list[Kept]:
        # Of either table: while a switch is cut off between them, readers see two generations.
        seen, switches, found = self.readers.seen(day), self.readers.switches(day), list[Kept]()
        for manifest in self.readers.manifests(day):
            run, made_at = manifest.run, manifest.made_at
            replaced_at = max((switch.at for switch in switches if switch.before == run), default=made_at)
            until = None if run in seen else replaced_at + KEPT
            accepted = manifest.outcomes["accepted"]
            rejected = manifest.records - accepted
            found.append(Kept(run, run == current, manifest.source, accepted, rejected, made_at, until))
        return found

    def expire(self, day: date, now: datetime) -> list[str]:
        """Remove the runs that were kept for long enough, and what cut-off seals left; return their ids."""
        runs = self._runs(day, self.readers.current(day))
        due = [kept.generation for kept in runs if kept.until is not None and kept.until <= now]
        removed = [run for run in due + self._unfinished(day, now) if self._remove(day, run)]
        for run in removed:
            log.info("run.expired", day=str(day), run=run)
        return removed

    def _remove(self, day: date, run: str) -> bool:
        """Remove a run, unless readers are on their way back to it."""
        key = generation.manifest_key(day, run)
        body = self.lake.find(key)
        # The manifest first, then a look: whoever points readers here notes it first, and looks at last.
        self.lake.delete([key])
        if run in self.readers.seen(day) or run in {to.after for to in self.readers.switches(day)[-1:]}:
            if body is not None:
                self.lake.put_new(key, body, {})
            return False
        for table in generation.TABLE_NAMES:
            self.lake.delete(list(self.lake.keys(generation.prefix(table, day, run))))
        return True

    def days(self) -> list[date]:
        """Return the days that have runs, oldest first."""
        return generation.days_of(self.lake.folders("runs/"))

    def _unfinished(self, day: date, now: datetime) -> list[str]:
        """Return the runs that were begun long ago and have no manifest: readers have never seen them."""
        folders = {
            folder.removeprefix("run=")
            for table in generation.TABLE_NAMES
            for folder in self.lake.folders(day_prefix(table, "sealed", day))
        }
        cut_off = folders - {manifest.run for manifest in self.readers.manifests(day)}
        return sorted(run for run in cut_off if self._begun(day, run) + KEPT <= now)

    def _begun(self, day: date, run: str) -> datetime:
        """Return when the youngest of a run's files was made; never, if nobody dated one."""
        keys = [
            key
            for table in generation.TABLE_NAMES
            for key in self.lake.keys(generation.prefix(table, day, run))
        ]
        dates = [self.lake.metadata(key).get(MADE_AT) for key in keys]
        return max((datetime.fromisoformat(at) for at in dates if at is not None), default=_NEVER)
