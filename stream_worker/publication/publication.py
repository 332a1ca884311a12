"""What readers see of a day, and switching them to another generation, which is noted in the lake first."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Final

import structlog

from stream_worker.lake.expiry import KEPT_FOR
from stream_worker.lake.keys import (
    LIVE,
    ExpiringKey,
    ManifestKey,
    SwitchKey,
    day_folder,
    manifests_folder,
    shown_at,
    shown_folder,
    switches_folder,
)
from stream_worker.lake.manifest import Manifest
from stream_worker.lake.parts import expired_parts, missing_parts
from stream_worker.lake.store import DOCUMENT_BYTES
from stream_worker.process.errors import RefusedError
from stream_worker.publication.catalog import SWITCH_ORDER
from stream_worker.publication.switch import ROLLBACK, Switch, way_back

if TYPE_CHECKING:
    from datetime import date, datetime

    from stream_worker.lake.manifest import Part
    from stream_worker.lake.store import Lake
    from stream_worker.publication.catalog import Catalog

_MOMENT: Final = timedelta(microseconds=1)

log = structlog.get_logger("readers")


@dataclass(frozen=True, slots=True)
class Publication:
    """What readers see: it shows them one generation of a day, and says which one they see."""

    lake: Lake
    catalog: Catalog

    def shown(self, day: date) -> str | None:
        """Read which generation readers of `reports` see; None if it is not one of this worker's."""
        return shown_at("reports", day, self.catalog.location("reports", day))

    def all_shown(self, day: date) -> set[str | None]:
        """Read what readers of both tables see: one generation, or two if a switch was interrupted."""
        return {shown_at(table, day, self.catalog.location(table, day)) for table in SWITCH_ORDER}

    def show(self, day: date, to: str, why: str, now: datetime) -> bool:
        """Switch readers of both tables to a generation, rejects first; return whether this call did so.

        Each table changes in one step. If the call is interrupted between them, the same call again completes
        the switch. Of several calls at once the one that was noted last wins, for both tables. Raises
        `RefusedError`, without switching readers, if the generation is not whole. A run whose rejects have
        expired counts as whole: its reports are, and its manifest has the counts.
        """
        expired = self._check(day, to, now)
        if self.all_shown(day) == {to}:
            return False
        if expired:
            rows = sum(part.rows for part in expired)
            log.warning(
                "rejects.expired", day=str(day), run=to, objects=len(expired), rows=rows, note=KEPT_FOR
            )
        before, last = self.shown(day), self.switches(day)[-1:]
        now = max(now, *(switch.at + _MOMENT for switch in last)) if last else now
        switch = Switch(day=day, at=now, why=why, before=before, after=to)
        note = SwitchKey(day, now, to).key
        self.lake.put_new(note, switch.model_dump_json().encode(), {})
        self._check_again(switch)  # an `expire` that missed the note has removed the run, or has its own note
        target = to
        while self.all_shown(day) != {target}:
            self._point(day, target, why)
            target = self.switches(day)[-1].after
        if target == to:
            self._check_again(switch)
        return target == to

    def _point(self, day: date, to: str, why: str) -> None:
        for table in SWITCH_ORDER:
            folder = shown_folder(table, day, to)
            if self.catalog.location(table, day) != folder:
                self.catalog.point(table, day, folder)
                log.info("readers.switched", table=table, day=str(day), generation=to, why=why)

    def _check_again(self, switch: Switch) -> None:
        """Switch readers back if the run has been removed in the meantime."""
        try:
            self._check(switch.day, switch.after, switch.at)
        except RefusedError:
            self._point(switch.day, switch.before or LIVE, "expired")
            raise

    def switches(self, day: date) -> list[Switch]:
        """Read the day's switches, oldest first; the last may have been interrupted."""
        keys = self.lake.keys(switches_folder(day))
        return [Switch.model_validate_json(self.lake.find(key, DOCUMENT_BYTES) or b"") for key in keys]

    def manifests(self, day: date) -> list[Manifest]:
        """Read the manifests of the day's runs in the order in which they were made."""
        keys = (key for key in self.lake.keys(manifests_folder(day)) if ManifestKey.parse(key) is not None)
        bodies = (self.lake.find(key, DOCUMENT_BYTES) for key in keys)
        return sorted(map(Manifest.decode, filter(None, bodies)), key=lambda found: found.made_at)

    def roll_back(self, day: date, now: datetime, to: str | None = None) -> str:
        """Switch readers to `to`, or else to what they saw before; return that generation.

        The notes of the switches say what they saw. Raises `RefusedError` if there is no such generation, or
        if rows of it are missing other than expired rejects.
        """
        if to is None:
            interrupted = len(self.all_shown(day)) > 1
            to = self._interrupted_from(day) if interrupted else way_back(self.switches(day), self.shown(day))
        if to is None:
            raise RefusedError(f"{day} is not sealed: there is nothing to go back from")
        self.show(day, to, ROLLBACK, now)
        return to

    def _interrupted_from(self, day: date) -> str:
        """Return what an interrupted switch started from, or the target of an interrupted rollback."""
        switches = self.switches(day)
        if switches and switches[-1].why == ROLLBACK:
            return switches[-1].after
        return self.shown(day) or LIVE

    def _check(self, day: date, to: str, now: datetime) -> list[Part]:
        """Raise `RefusedError` if a generation is not whole; return its parts that have expired."""
        if to == LIVE:
            if not any(self.lake.keys(day_folder("reports", LIVE, day))):
                raise RefusedError(f"the live segments of {day} no longer exist: only sealed runs are left")
            return []
        if self.lake.find(ExpiringKey(day, to).key) is not None:
            raise RefusedError(f"run {to} is being removed by `stream-worker expire`")
        body = self.lake.find(ManifestKey(day, to).key, DOCUMENT_BYTES)
        if body is None:
            raise RefusedError(f"{day} has no run {to}; see `stream-worker generations --day {day}`")
        manifest = Manifest.decode(body)
        missing = missing_parts(self.lake, manifest, now)
        if missing:
            raise RefusedError(f"run {to} is not whole any more: {missing[0]} is missing")
        return expired_parts(self.lake, manifest, now)
