"""What readers are pointed at, and how they are pointed elsewhere; each switch is noted in the lake first."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Final

import structlog
from pydantic import BaseModel, ConfigDict

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

if TYPE_CHECKING:
    from collections.abc import Sequence

    from stream_worker.lake.manifest import Part
    from stream_worker.lake.store import Lake
    from stream_worker.publication.catalog import Catalog

ROLLBACK: Final = "rollback"
"""Why readers were pointed back."""

_MOMENT: Final = timedelta(microseconds=1)

log = structlog.get_logger("readers")


class Switch(BaseModel):
    """A note that readers of a day were pointed elsewhere; `why` is the command's name."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    day: date
    at: datetime
    why: str
    before: str | None
    after: str


def way_back(switches: Sequence[Switch], current: str | None) -> str | None:
    """Return what readers saw before they came to see `current`, by the notes; None if they say nothing.

    A rollback takes back all switches since readers saw its target last, so one rollback after another leads
    further back. A switch to what they had seen before is a new step, not a way back.
    """
    seen: list[str] = []
    for switch in switches:
        if switch.before is not None:
            _come_to(seen, switch.before)  # what was noted after that was cut off, or undone by hand
        if switch.why == ROLLBACK:
            _come_to(seen, switch.after)
        else:
            seen.append(switch.after)
    if current not in seen:
        return None
    _come_to(seen, current)
    return seen[-2] if len(seen) > 1 else None


def _come_to(seen: list[str], one: str) -> None:
    """Go back to where `one` was seen last; append it if it never was."""
    if one in seen:
        del seen[len(seen) - seen[::-1].index(one) :]
    else:
        seen.append(one)


@dataclass(frozen=True, slots=True)
class Readers:
    """Points readers of a day at one of its generations."""

    lake: Lake
    catalog: Catalog

    def current(self, day: date) -> str | None:
        """Return the generation that readers of `reports` see; None if it is none of this worker's."""
        return shown_at("reports", day, self.catalog.location("reports", day))

    def seen(self, day: date) -> set[str | None]:
        """Return what readers of either table see: one generation, or two where a switch was cut off."""
        return {shown_at(table, day, self.catalog.location(table, day)) for table in SWITCH_ORDER}

    def point(self, day: date, to: str, why: str, now: datetime) -> bool:
        """Point readers of both tables at a generation, rejects first; return whether this call did so.

        Each table changes in one step. When it is cut off between them, the same call again completes it.
        Of several calls at once the one that was noted last wins, for both tables. Raises `RefusedError`,
        with readers left where they are, if the generation is not whole. A run whose rejects have gone by
        age is: its reports are, and its manifest has the counts.
        """
        expired = self._check(day, to, now)
        if self.seen(day) == {to}:
            return False
        if expired:
            rows = sum(part.rows for part in expired)
            log.warning(
                "rejects.expired", day=str(day), run=to, objects=len(expired), rows=rows, note=KEPT_FOR
            )
        before, last = self.current(day), self.switches(day)[-1:]
        now = max(now, *(switch.at + _MOMENT for switch in last)) if last else now
        switch = Switch(day=day, at=now, why=why, before=before, after=to)
        note = SwitchKey(day, now, to).key
        self.lake.put_new(note, switch.model_dump_json().encode(), {})
        self._check_again(switch)  # an `expire` that did not see the note has removed the run, or noted that
        target = to
        while self.seen(day) != {target}:
            self._point(day, target, why)
            target = self.switches(day)[-1].after
        if target == to:
            self._check_again(switch)
        return target == to

    def _point(self, day: date, to: str, why: str) -> None:
        for table in SWITCH_ORDER:
            wanted = shown_folder(table, day, to)
            if self.catalog.location(table, day) != wanted:
                self.catalog.point(table, day, wanted)
                log.info("readers.switched", table=table, day=str(day), generation=to, why=why)

    def _check_again(self, switch: Switch) -> None:
        """Send readers back if the run has expired in the meantime."""
        try:
            self._check(switch.day, switch.after, switch.at)
        except RefusedError:
            self._point(switch.day, switch.before or LIVE, "expired")
            raise

    def switches(self, day: date) -> list[Switch]:
        """Return the day's switches, oldest first; the last may have been cut off."""
        keys = self.lake.keys(switches_folder(day))
        return [Switch.model_validate_json(self.lake.find(key, DOCUMENT_BYTES) or b"") for key in keys]

    def manifests(self, day: date) -> list[Manifest]:
        """Return the manifests of the day's runs in the order in which they were made."""
        keys = (key for key in self.lake.keys(manifests_folder(day)) if ManifestKey.parse(key) is not None)
        bodies = (self.lake.find(key, DOCUMENT_BYTES) for key in keys)
        return sorted(map(Manifest.decode, filter(None, bodies)), key=lambda found: found.made_at)

    def roll_back(self, day: date, now: datetime, to: str | None = None) -> str:
        """Point readers at `to`, or else at what they saw before; return which generation that is.

        The notes of the switches say what that was. Raises `RefusedError` if there is none, or its rows are
        gone, but for rejects gone by age.
        """
        if to is None:
            cut_off = len(self.seen(day)) > 1
            to = self._before_the_cut(day) if cut_off else way_back(self.switches(day), self.current(day))
        if to is None:
            raise RefusedError(f"{day} is not sealed: there is nothing to go back from")
        self.point(day, to, ROLLBACK, now)
        return to

    def _before_the_cut(self, day: date) -> str:
        """Return where a switch came from that was cut off between the tables; a rollback is completed."""
        switches = self.switches(day)
        if switches and switches[-1].why == ROLLBACK:
            return switches[-1].after
        return self.current(day) or LIVE

    def _check(self, day: date, to: str, now: datetime) -> list[Part]:
        """Raise `RefusedError` if a generation is not whole; return what is gone of it by age."""
        if to == LIVE:
            if not any(self.lake.keys(day_folder("reports", LIVE, day))):
                raise RefusedError(f"the segments of {day} are gone: only sealed runs are left")
            return []
        if self.lake.find(ExpiringKey(day, to).key) is not None:
            raise RefusedError(f"run {to} is being removed by `stream-worker expire`")
        body = self.lake.find(ManifestKey(day, to).key, DOCUMENT_BYTES)
        if body is None:
            raise RefusedError(f"{day} has no run {to}; see `stream-worker generations --day {day}`")
        manifest = Manifest.decode(body)
        missing = missing_parts(self.lake, manifest, now)
        if missing:
            raise RefusedError(f"run {to} is not whole any more: {missing[0]} is gone")
        return expired_parts(self.lake, manifest, now)
