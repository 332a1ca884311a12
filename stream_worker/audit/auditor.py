"""Audits a day: proves that readers see what was committed, record for record, or names each problem."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field, replace
from typing import TYPE_CHECKING, Any, Final

from stream_worker.audit.chain_check import check_chain
from stream_worker.audit.generation_positions import chain_positions, run_positions
from stream_worker.audit.locate import locate
from stream_worker.audit.readers_check import check_readers, check_rejects
from stream_worker.audit.run_check import check_run
from stream_worker.audit.sources import changed_since, later_than
from stream_worker.lake.committed import read_day
from stream_worker.lake.expiry import KEPT_FOR, run_expires, segments_expire
from stream_worker.lake.keys import LIVE, day_folder, manifests_folder
from stream_worker.lake.segment import OUTCOMES
from stream_worker.process.problem import Kind, Problem
from stream_worker.stream.records import START, Position

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import date, datetime

    from stream_worker.audit.chain_check import CheckedChain
    from stream_worker.audit.recount import Recount
    from stream_worker.audit.run_check import CheckedRun
    from stream_worker.lake.committed import CommittedDay
    from stream_worker.lake.keys import Owner
    from stream_worker.lake.manifest import Manifest
    from stream_worker.process.progress import Progress
    from stream_worker.publication.publication import Publication


_LOOKS: Final = 3


@dataclass(frozen=True, slots=True)
class AuditedShard:
    """A shard's records of a day; `first` and `last` are positions, None where no row could be read."""

    shard_id: str
    records: int
    first: str | None
    last: str | None


@dataclass(frozen=True, slots=True)
class Audit:
    """What an audit found; `generation` is what readers see, None if that is not one of this worker's.

    `outcomes` are the counts of that generation. `problems` begin with the first shard and position;
    `notes` are worth knowing but are not problems.
    """

    day: date
    generation: str | None
    outcomes: Mapping[str, int]
    shards: tuple[AuditedShard, ...]
    problems: tuple[Problem, ...]
    notes: tuple[str, ...]

    @property
    def ok(self) -> bool:
        """True if nothing is wrong."""
        return not self.problems

    @property
    def records(self) -> int:
        """How many records of the day there are."""
        return sum(self.outcomes.values())

    def document(self) -> dict[str, Any]:
        """Return the audit as `--json` prints it."""
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
    """Audits days; with `recount`, against the stream too. Raises only when a service fails.

    `now` decides which rejects may have expired.
    """

    publication: Publication
    progress: Progress
    now: Callable[[], datetime]
    recount: Recount | None = None

    def audit(self, day: date) -> Audit:
        """Check everything of a day; continue after the first problem.

        If the day was sealed, rolled back or begun meanwhile, a part was read before that and a part after,
        and problems may be false: then the day is checked again, a few times.
        """
        for _ in range(_LOOKS):
            before = self._visible(day)
            found = _DayAudit(self, day, self.now()).run()
            if found.ok or self._visible(day) == before:
                break
        return found

    def _visible(self, day: date) -> tuple[object, ...]:
        """Return values that change whenever what readers see of the day changes."""
        lake, seen = self.publication.lake, self.publication.all_shown(day)
        begun = any(True for _ in lake.keys(day_folder("reports", LIVE, day)))
        return seen, list(lake.keys(manifests_folder(day))), begun


@dataclass(slots=True)
class _DayAudit:
    """The audit of one day."""

    by: Auditor
    day: date
    now: datetime
    problems: list[Problem] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def run(self) -> Audit:
        """Check readers, chain and run. The stream comes last: it also has what is committed meanwhile."""
        lake = self.by.publication.lake
        live = read_day(lake, LIVE, self.day)
        held = set(lake.keys(day_folder("reports", LIVE, self.day))) - live.signposts
        pointed = check_readers(self.by.publication, self.day, live=bool(held))
        self.problems += pointed.problems
        manifest = pointed.manifest
        chain = self._source(live, manifest)
        self._check_rejects(live)
        checked = check_chain(lake, chain, self.by.progress, aged=self._segments_aged)
        self.problems += checked.problems
        if checked.expired:
            what = f"the rejects of {checked.expired} segments have expired ({KEPT_FOR})"
            self.notes.append(
                f"{what}: what they rejected is known by count alone; accepted rows were checked"
            )
        first = dict(checked.first)
        if manifest is not None:
            first = self._check_run(manifest, chain, checked).first | first
        if self.by.recount is not None:
            self._recount(self.by.recount, chain, manifest)
        outcomes = chain.outcomes if manifest is None else manifest.outcomes
        shards = _shards(chain, manifest, first)
        problems = tuple(sorted(self.problems, key=_sort_key))
        return Audit(self.day, pointed.generation, outcomes, shards, problems, tuple(self.notes))

    @property
    def _segments_aged(self) -> bool:
        return self.now >= segments_expire(self.day)

    def _run_aged(self, manifest: Manifest) -> bool:
        return self.now >= run_expires(manifest.made_at)

    def _source(self, live: CommittedDay, manifest: Manifest | None) -> CommittedDay:
        """Return the chains that readers' rows were made of."""
        if manifest is None or manifest.source == LIVE:
            chain = live if manifest is None else _without_later_gaps(live, manifest)
        else:
            chain = self._replayed(manifest)
            self.problems += later_than(manifest, live)
            # A replay repairs such damage, so it does not count once readers see the replay.
            foreign = [problem for problem in live.problems if problem.kind is Kind.FOREIGN]
            self.problems += foreign
            repaired = [problem for problem in live.problems if problem not in foreign]
            self.notes += [f"repaired by the replay that readers see: {problem}" for problem in repaired]
        if manifest is None:
            return chain
        gone = bool(manifest.sources) and not chain.segments
        if gone and manifest.source != LIVE:  # live ones are never removed: see `changed_since`
            self.notes.append(
                f"the segments that the run was made of ({manifest.source}) are gone, expired or removed"
                " since: the run was compared with its manifest alone"
            )
        self.problems += [
            replace(gap, what=f"sealed with a {gap.what}")
            for gap in (manifest.gaps if gone else _proven_gaps(manifest, chain))
        ]
        return chain

    def _replayed(self, manifest: Manifest) -> CommittedDay:
        """Return the chains of a replay; none if some of their segments have expired, as all do in time."""
        chain = read_day(self.by.publication.lake, manifest.source, self.day)
        fewer = len(chain.segments) < sum(source.segments for source in manifest.sources)
        if not (fewer and self._segments_aged):
            return chain
        left = [problem for problem in chain.problems if not problem.is_gap]
        return replace(chain, segments=[], problems=left)

    def _check_rejects(self, live: CommittedDay) -> None:
        foreign, orphans = check_rejects(self.by.publication.lake, live)
        self.problems += foreign
        if orphans and live.segments:
            self.notes.append(f"{orphans} rejects objects are left of lost commit races; they are ignored")

    def _check_run(self, manifest: Manifest, chain: CommittedDay, segments: CheckedChain) -> CheckedRun:
        lake = self.by.publication.lake
        checked = check_run(lake, manifest, self.by.progress, aged=self._run_aged(manifest))
        self.problems += checked.problems
        if checked.expired:
            files = f"of the run's {len(manifest.rejects)} files of rejects {checked.expired} have expired"
            what = "rejected rows were neither checked nor counted by outcome; accepted rows were"
            self.notes.append(f"{files} ({KEPT_FOR}): {what}")
        there = bool(chain.segments) or manifest.source == LIVE
        changed = changed_since(manifest, chain) if there else []
        self.problems += changed
        first_rows = {}
        # If the chain has more, or rejects have expired, the run lacks rows of undamaged files too.
        if checked.damaged and chain.segments and not (later_than(manifest, chain) or checked.expired):
            sound = [one for one in chain.segments if one.link.key not in segments.damaged]
            first_rows = locate(lake, manifest, sound, checked.damaged)
        for key, damage in checked.damaged.items():
            row = first_rows.get(key)
            if row is None:
                self.problems.append(Problem(damage, key=key))
            else:
                what = f"{damage}; this is the first row that it had"
                self.problems.append(Problem(what, row.shard_id, row.position, key))
        return checked

    def _recount(self, recount: Recount, chain: CommittedDay, manifest: Manifest | None) -> None:
        lake, owners = self.by.publication.lake, chain.by_owner()
        if chain.segments or manifest is None:
            records = sum(chain.outcomes.values())
            aged = self._segments_aged
            found = recount.compare(
                self.day,
                owners,
                records,
                lambda owner: chain_positions(lake, owners.get(owner, []), aged=aged),
            )
        else:
            aged = self._run_aged(manifest)
            sealed = {(source.epoch, source.shard_id) for source in manifest.sources}
            found = recount.compare(
                self.day,
                sealed,
                manifest.records,
                lambda owner: run_positions(lake, manifest, owner, aged=aged),
            )
        self.problems += found.problems
        self.notes += found.notes


def _without_later_gaps(live: CommittedDay, manifest: Manifest) -> CommittedDay:
    """Leave out the gaps that were found after the day was sealed without them.

    A seal proves from the stream that nothing of the day is missing: what was forgotten later came after it.
    """
    known = {(gap.shard_id, gap.position) for gap in manifest.gaps}
    kept = [
        problem
        for problem in live.problems
        if problem.kind is not Kind.FORGOTTEN or (problem.shard_id, problem.position) in known
    ]
    return replace(live, problems=kept)


def _proven_gaps(manifest: Manifest, chain: CommittedDay) -> list[Problem]:
    """Return what the stream had forgotten when the day was sealed, as far as the chain does not show it."""
    known = {(problem.shard_id, problem.position) for problem in chain.problems}
    return [
        gap
        for gap in manifest.gaps
        if gap.kind is Kind.FORGOTTEN and (gap.shard_id, gap.position) not in known
    ]


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


def _sort_key(problem: Problem) -> tuple[bool, str, Position, str, str]:
    """Return a problem's sort key; problems without a shard come last."""
    position = Position.parse(problem.position) if problem.position else START
    shard_id = problem.shard_id or ""
    return problem.shard_id is None, shard_id, position, problem.key or "", problem.what
