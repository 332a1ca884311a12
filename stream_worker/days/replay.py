"""Replays days: settles their records again, into a separate generation, and seals from that."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Protocol

import structlog

from stream_worker.days.diff import changes
from stream_worker.days.seal import refuse_broken, refuse_unfinished
from stream_worker.lake.committed import outcomes_of, read_day
from stream_worker.lake.keys import LIVE, ManifestKey, replay_generation
from stream_worker.lake.rows import live_rows, run_rows
from stream_worker.process.errors import DamagedError, RefusedError, WorkerError
from stream_worker.process.problem import Problem

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping
    from datetime import date, datetime, timedelta

    import polars as pl

    from stream_worker.days.diff import Change
    from stream_worker.days.run_builder import RunBuilder
    from stream_worker.lake.committed import CommittedDay
    from stream_worker.lake.keys import Owner
    from stream_worker.lake.manifest import Manifest
    from stream_worker.lake.store import Lake
    from stream_worker.process.progress import Move
    from stream_worker.publication.publication import Publication
    from stream_worker.stream.span import Span

log = structlog.get_logger("replay")


class Origin(StrEnum):
    """Where a replay takes its records from."""

    STREAM = "stream"
    LAKE = "lake"


class Source(Protocol):
    """Where a replay gets a span's records from."""

    @property
    def origin(self) -> Origin:
        """Where they come from."""

    def check(self, span: Span, live: Mapping[date, CommittedDay]) -> None:
        """Raise `RefusedError` if the source no longer holds all of the span."""

    def settle(self, span: Span, target: str, move: Move) -> bool:
        """Settle the span's records into a generation, from where it ends; return False if asked to stop.

        `move` is called with each number of records read.
        """

    def prove(self, day: CommittedDay, grace: timedelta) -> Mapping[Owner, str]:
        """Return, by shard, why no record of a replayed day is missing; raise `RefusedError` if one is."""


@dataclass(frozen=True, slots=True)
class Replayed:
    """A replayed day; `changes` is None if what readers saw before is damaged or partly expired.

    `live` are the ids of the judgements that settled its live segments.
    """

    manifest: Manifest
    live: list[str]
    changes: list[Change] | None
    switched: bool


@dataclass(frozen=True, slots=True)
class Replay:
    """Replays spans of days from a source."""

    lake: Lake
    publication: Publication
    runs: RunBuilder
    source: Source
    now: Callable[[], datetime]

    def replay(self, span: Span, *, dry_run: bool = False, name: str | None = None) -> Iterator[Replayed]:
        """Settle the span's records again and seal each day from them, without a switch in a dry run.

        It continues an interrupted replay of the same judgement and `name`. The live generation is left as
        it is. Raises `RefusedError`, with nothing changed for readers, when the span is not over or the
        source does not hold all of it.
        """
        refuse_unfinished(span, self.now())
        live = {day: read_day(self.lake, LIVE, day) for day in span.days}
        self.source.check(span, live)
        target = replay_generation(self._name(span, live, name))
        judgement = self.runs.judgement.id
        log.info(
            "replay.started",
            first=str(span.first),
            last=str(span.last),
            generation=target,
            judgement=judgement,
        )
        records = sum(sum(day.outcomes.values()) for day in live.values())
        with self.runs.progress("records replayed", records) as move:
            whole = self.source.settle(span, target, move)
        if not whole:
            raise WorkerError("stopped: run the same command again, and it continues where it was")
        again = {day: read_day(self.lake, target, day) for day in span.days}
        _refuse_shortfall(live, again)
        _refuse_mixed(again.values(), judgement)
        for day in span.days:
            yield self._finish(again[day], live[day], span, dry_run=dry_run)

    def _finish(self, found: CommittedDay, live: CommittedDay, span: Span, *, dry_run: bool) -> Replayed:
        refuse_broken(found, despite_gaps=False)
        before = self.publication.shown(found.day)
        proofs = self.source.prove(found, span.grace)
        manifest = self.runs.build(found, proofs, before, self.now())
        changed = self._changes(manifest, before)
        switched = not dry_run and self.publication.show(found.day, manifest.run, "replay", self.now())
        log.info("day.replayed", day=str(found.day), run=manifest.run, switched=switched, **manifest.outcomes)
        return Replayed(manifest, live.judged_by, changed, switched)

    def _changes(self, manifest: Manifest, before: str | None) -> list[Change] | None:
        try:
            seen = self._seen_by_readers(manifest.day, before)
            return changes(seen, run_rows(self.lake, manifest), manifest.records)
        except DamagedError as error:
            log.warning("readers.damaged", day=str(manifest.day), detail=str(error))
            return None

    def _seen_by_readers(self, day: date, before: str | None) -> Iterator[pl.DataFrame]:
        if before is None:
            return iter(())
        if before == LIVE:
            return live_rows(self.lake, day)
        runs = {manifest.run: manifest for manifest in self.publication.manifests(day)}
        if before not in runs:
            raise DamagedError(Problem("missing: the manifest", key=ManifestKey(day, before).key))
        return run_rows(self.lake, runs[before])

    def _name(self, span: Span, live: Mapping[date, CommittedDay], name: str | None) -> str:
        """Return a name that differs for other days and other judgements, so that replays do not mix."""
        identity = [
            span.first,
            span.last,
            self.runs.judgement.id,
            self.source.origin,
        ]
        if self.source.origin is Origin.LAKE:
            identity += [segment.summary.metadata for day in live.values() for segment in day.segments]
        digest = hashlib.sha256(repr(identity).encode()).hexdigest()[:16]
        return f"{name}-{digest}" if name else digest


def _refuse_mixed(again: Iterable[CommittedDay], judgement: str) -> None:
    """Raise `RefusedError` if another judgement settled a segment: the worker was upgraded meanwhile."""
    others = {one for day in again for one in day.judged_by} - {judgement}
    if others:
        raise RefusedError(
            f"segments of this replay were settled by another judgement ({', '.join(sorted(others))}) than"
            f" {judgement}, as the worker was upgraded meanwhile: readers were not switched. Run the same"
            " command again, with another --name if a machine still has the old version"
        )


def _refuse_shortfall(live: Mapping[date, CommittedDay], again: Mapping[date, CommittedDay]) -> None:
    """Raise `RefusedError` if the replay has fewer records of a shard than are committed live."""
    problems = []
    for day, committed in live.items():
        replayed = again[day].by_owner()
        for owner, segments in committed.by_owner().items():
            found = replayed.get(owner, [])
            first = min(segment.summary.first_arrival for segment in segments)
            last = max(segment.summary.last for segment in segments)
            begins = found and min(segment.summary.first_arrival for segment in found) <= first
            fewer = sum(outcomes_of(found).values()) < sum(outcomes_of(segments).values())
            if not begins or fewer or max(segment.summary.last for segment in found) < last:
                what = f"shortfall: the stream no longer holds all that is committed of {day}"
                problems.append(Problem(what, owner[1], str(segments[0].link.start)))
    if problems:
        raise RefusedError("readers were not switched; replay these days with --source lake", problems)
