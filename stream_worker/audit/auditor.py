"""Audits a day: that what readers see is what was committed, record for record, and what is wrong if not."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field, replace
from typing import TYPE_CHECKING, Any

from stream_worker.audit.chain import check_chain
from stream_worker.audit.generation_places import chain_places, run_places
from stream_worker.audit.locate import CHANGED, EXTRA, MISSING, locate
from stream_worker.audit.readers import check_readers, check_rejects
from stream_worker.audit.run import check_run
from stream_worker.audit.sources import changed_since, expired_since, later_than
from stream_worker.committed import read_day
from stream_worker.problem import Problem
from stream_worker.records import START, Position
from stream_worker.segment import LIVE, OUTCOMES, day_prefix

if TYPE_CHECKING:
    from collections.abc import Mapping
    from collections.abc import Set as AbstractSet
    from datetime import date

    from stream_worker.audit.readers import Pointed
    from stream_worker.audit.recount import Recount
    from stream_worker.audit.run import CheckedRun
    from stream_worker.committed import CommittedDay
    from stream_worker.link import Owner
    from stream_worker.manifest import Manifest
    from stream_worker.progress import Progress
    from stream_worker.readers import Readers


@dataclass(frozen=True, slots=True)
class AuditedShard:
    """A shard's records of a day; `first` and `last` are positions, None where no row could be read."""

    shard_id: str
    records: int
    first: str | None
    last: str | None


@dataclass(frozen=True, slots=True)
class Audit:
    """What an audit found; `generation` is what readers see, None if that is none of this worker's.

    `outcomes` are the counts of that generation. `problems` begin with the first shard and position;
    `notes` are what is worth knowing and no problem.
    """

    day: date
    generation: str | None
    outcomes: Mapping[str, int]
    shards: tuple[AuditedShard, ...]
    problems: tuple[Problem, ...]
    notes: tuple[str, ...]

    @property
    def ok(self) -> bool:
        """Whether nothing is wrong."""
        return not self.problems

    @property
    def records(self) -> int:
        """How many records of the day there are."""
        return sum(self.outcomes.values())

    def document(self) -> dict[str, Any]:
        """Return what machines are told."""
        return {
            "day": str(self.day),
            "ok": self.ok,
            "generation": self.generation,
            "records": self.records,
            **{outcome: self.outcomes.get(outcome, 0) for outcome in OUTCOMES},
            "shards": [asdict(shard) for shard in self.shards],
            "problems": [asdict(problem) for problem in self.problems],
        }


@dataclass(frozen=True, slots=True)
class Auditor:
    """Audits days; with `recount` against the stream too. Raises only when the world fails."""

    readers: Readers
    progress: Progress
    recount: Recount | None = None

    def audit(self, day: date) -> Audit:
        """Check all that there is of a day, on after the first problem too."""
        return _DayAudit(self, day).run()


@dataclass(slots=True)
class _DayAudit:
    """The audit of one day."""

    by: Auditor
    day: date
    problems: list[Problem] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def run(self) -> Audit:
        """Check readers, chain and run, the stream last: it has what is committed meanwhile."""
        lake = self.by.readers.lake
        live = read_day(lake, LIVE, self.day)
        held = next(iter(lake.keys(day_prefix("reports", LIVE, self.day))), None)
        pointed = check_readers(self.by.readers, self.day, live=held is not None)
        self.problems += pointed.problems
        live = self._without_expired(live, pointed)
        manifest = pointed.manifest
        chain = self._source(live, manifest)
        self._check_rejects(live)
        checked = check_chain(lake, chain, self.by.progress)
        self.problems += checked.problems
        first = dict(checked.first)
        if manifest is not None:
            first = self._check_run(manifest, chain, checked.damaged).first | first
        if self.by.recount is not None:
            self._recount(self.by.recount, chain, manifest)
        outcomes = chain.outcomes if manifest is None else manifest.outcomes
        shards = _shards(chain, manifest, first)
        problems = tuple(sorted(self.problems, key=_place))
        return Audit(self.day, pointed.generation, outcomes, shards, problems, tuple(self.notes))

    def _without_expired(self, live: CommittedDay, pointed: Pointed) -> CommittedDay:
        runs = [run for run in pointed.manifests.values() if run.source == LIVE]
        expired = expired_since(live, runs)
        if expired:
            self.notes.append("live segments are gone, by age it seems: what they joined is not checked")
        return replace(live, problems=[problem for problem in live.problems if problem not in expired])

    def _source(self, live: CommittedDay, manifest: Manifest | None) -> CommittedDay:
        """Return the chains that readers' rows were made of."""
        if manifest is None or manifest.source == LIVE:
            chain = live
        else:
            chain = read_day(self.by.readers.lake, manifest.source, self.day)
            self.problems += later_than(manifest, live)
            # A replay is how such a thing is mended, so it does not count once readers see the replay.
            foreign = [problem for problem in live.problems if problem.what.startswith("foreign")]
            self.problems += foreign
            mended = [problem for problem in live.problems if problem not in foreign]
            self.notes += [f"mended by the replay that readers see: {problem}" for problem in mended]
        if manifest is not None and manifest.sources and not chain.segments:
            self.notes.append(
                f"the segments that the run was made of ({manifest.source}) are gone, by age or as it was"
                " replayed: the run was compared with its manifest alone"
            )
            self.problems += [Problem(f"sealed with a {gap}") for gap in manifest.gaps]
        return chain

    def _check_rejects(self, live: CommittedDay) -> None:
        foreign, orphans = check_rejects(self.by.readers.lake, live)
        self.problems += foreign
        if orphans and live.segments:
            self.notes.append(f"{orphans} rejects objects are left of lost races; they count for nothing")

    def _check_run(self, manifest: Manifest, chain: CommittedDay, damaged: AbstractSet[str]) -> CheckedRun:
        lake = self.by.readers.lake
        checked = check_run(lake, manifest, self.by.progress)
        self.problems += checked.problems
        changed = changed_since(manifest, chain) if chain.segments else []
        self.problems += changed
        places = {}
        if checked.damaged and chain.segments:
            segments = [one for one in chain.segments if one.link.key not in damaged]
            # Where the chain has lost rows itself, others are only seemingly too many in the run; and so on.
            kinds = {CHANGED} if later_than(manifest, chain) else {CHANGED, MISSING}
            if not (changed or chain.problems or damaged):
                kinds.add(EXTRA)
            places = locate(lake, manifest, segments, checked.damaged, kinds)
        for key, damage in checked.damaged.items():
            place = places.get(key)
            if place is None:
                self.problems.append(Problem(damage, key=key))
            else:
                what = f"{damage}; the first row that is {place.what}"
                self.problems.append(Problem(what, place.shard_id, place.position, key))
        return checked

    def _recount(self, recount: Recount, chain: CommittedDay, manifest: Manifest | None) -> None:
        lake, owners = self.by.readers.lake, chain.by_owner()
        if chain.segments or manifest is None:
            records = sum(chain.outcomes.values())
            found = recount.compare(
                self.day, owners, records, lambda owner: chain_places(lake, owners.get(owner, []))
            )
        else:
            sealed = {(source.epoch, source.shard_id) for source in manifest.sources}
            found = recount.compare(
                self.day, sealed, manifest.records, lambda owner: run_places(lake, manifest, owner[1])
            )
        self.problems += found.problems
        self.notes += found.notes


def _shards(
    chain: CommittedDay, manifest: Manifest | None, first: Mapping[Owner, Position]
) -> tuple[AuditedShard, ...]:
    found: dict[Owner, tuple[int, str]] = {}
    if manifest is not None:
        for source in manifest.sources:
            found[source.epoch, source.shard_id] = (sum(source.outcomes.values()), source.last)
    else:
        for owner, segments in chain.by_owner().items():
            records = sum(segment.summary.records for segment in segments)
            found[owner] = (records, str(segments[-1].summary.last))
    return tuple(
        AuditedShard(owner[1], records, str(first[owner]) if owner in first else None, last)
        for owner, (records, last) in sorted(found.items())
    )


def _place(problem: Problem) -> tuple[bool, str, Position, str, str]:
    """Return what problems are sorted by: those without a shard come last."""
    position = Position.parse(problem.position) if problem.position else START
    shard_id = problem.shard_id or ""
    return problem.shard_id is None, shard_id, position, problem.key or "", problem.what
