"""Seals a day: proves it complete, builds its run, points readers at the result."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import structlog

from stream_worker.lake import committed
from stream_worker.lake.keys import LIVE, shown_at
from stream_worker.process.errors import RefusedError
from stream_worker.publication.switch import ROLLBACK
from stream_worker.stream.span import Span

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from datetime import date, datetime

    from stream_worker.days.completeness import Completeness, Proven
    from stream_worker.days.run_builder import RunBuilder
    from stream_worker.lake.committed import CommittedDay
    from stream_worker.lake.keys import Owner
    from stream_worker.lake.manifest import Manifest
    from stream_worker.lake.store import Lake
    from stream_worker.process.problem import Problem
    from stream_worker.publication.publication import Publication

log = structlog.get_logger("seal")


@dataclass(frozen=True, slots=True)
class Sealed:
    """A sealed day's manifest, and whether this call switched readers to it."""

    manifest: Manifest
    switched: bool


@dataclass(frozen=True, slots=True)
class Seal:
    """Seals days of the live generation."""

    lake: Lake
    publication: Publication
    runs: RunBuilder
    completeness: Completeness
    now: Callable[[], datetime]

    def seal(self, day: date, *, despite_gaps: bool = False, anew: bool = False) -> Sealed:
        """Seal a day. Repeated calls, and two at once, give the same result.

        `anew` builds another run even if one exists.

        Raises `RefusedError`, and changes nothing, when the day is not over, when one of its records is not
        committed yet, when something in its folder is not a segment, and when a chain has a gap. With
        `despite_gaps` a gap is accepted, and the manifest names it.
        """
        refuse_unfinished(Span(day, day, self.completeness.grace), self.now())
        proofs, forgotten = self._prove(day, despite_gaps=despite_gaps)
        # Read after the proof: then everything that the proof found committed is in it.
        found = committed.read_day(self.lake, LIVE, day)
        refuse_broken(found, despite_gaps=despite_gaps)
        found = replace(found, problems=[*found.problems, *forgotten])
        before, now = self.publication.shown(day), self.now()
        manifest = self.runs.build(found, proofs, before, now, anew=anew)
        switched = self.publication.show(day, manifest.run, "seal", self.now())
        log.info("day.sealed", day=str(day), run=manifest.run, switched=switched, **manifest.outcomes)
        return Sealed(manifest, switched)

    def unsealed(self) -> list[date]:
        """Return the days that are over and have segments, but no sealed run that readers see; oldest first.

        A day that was rolled back is left as it is.
        """
        days, grace = committed.days(self.lake, LIVE), self.completeness.grace
        over = [day for day in days if Span(day, day, grace).over <= self.now()]
        return [day for day in over if self._is_live(day) and not self._rolled_back(day)]

    def _is_live(self, day: date) -> bool:
        # A day that is pointed elsewhere is left to the audit, which reports it.
        location = self.publication.catalog.location("reports", day)
        return location is None or shown_at("reports", day, location) == LIVE

    def _rolled_back(self, day: date) -> bool:
        switches = self.publication.switches(day)
        return bool(switches) and switches[-1].why == ROLLBACK

    def _prove(self, day: date, *, despite_gaps: bool) -> tuple[Mapping[Owner, str], list[Problem]]:
        """Return each shard's proof, and the gaps that the stream has forgotten."""
        proven = self.completeness.prove(day)
        gaps = refuse_unproven(day, proven, despite_gaps=despite_gaps)
        return {(shard.epoch, shard.shard_id): str(shard.proof) for shard in proven}, gaps


def refuse_unproven(day: date, proven: Iterable[Proven], *, despite_gaps: bool) -> list[Problem]:
    """Raise `RefusedError` if a record of the day is not committed; return the gaps."""
    found = [shard.lag for shard in proven if shard.lag is not None]
    gaps, lags = [lag for lag in found if lag.is_gap], [lag for lag in found if not lag.is_gap]
    if lags:
        text = f"{day} cannot be sealed yet: run the worker until it has caught up, then seal again"
        raise RefusedError(text, lags)
    if gaps and not despite_gaps:
        raise RefusedError(f"{day} cannot be proven whole: --despite-gaps seals what there is", gaps)
    return gaps


def refuse_unfinished(span: Span, now: datetime) -> None:
    """Raise `RefusedError` unless the span and its grace are over."""
    if now < span.over:
        raise RefusedError(f"{span.last} is not over: it can be sealed from {span.over:%F %T} UTC on")


def refuse_broken(day: CommittedDay, *, despite_gaps: bool) -> None:
    """Raise `RefusedError` if the committed day is damaged or has gaps."""
    gaps = [problem for problem in day.problems if problem.is_gap]
    others = [problem for problem in day.problems if not problem.is_gap]
    if others:
        raise RefusedError(f"{day.day} cannot be sealed: the lake is damaged (runbook: audit-failed)", others)
    if gaps and not despite_gaps:
        text = (
            f"{day.day} cannot be sealed: segments are missing. Replay the day while the stream has it, or"
            " seal what there is with --despite-gaps"
        )
        raise RefusedError(text, gaps)
