"""Compares the chains that a run was made of with the chains as they are now."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stream_worker.lake.committed import digest_of
from stream_worker.lake.keys import ManifestKey
from stream_worker.process.problem import Problem
from stream_worker.stream.records import Position

if TYPE_CHECKING:
    from stream_worker.lake.committed import Committed, CommittedDay
    from stream_worker.lake.manifest import Manifest, Source


def changed_since(manifest: Manifest, day: CommittedDay) -> list[Problem]:
    """Return where the segments of the run's source are no longer those that it was made of."""
    key = ManifestKey(manifest.day, manifest.run).key
    broken = {problem.shard_id for problem in day.problems}
    chains, problems = day.by_owner(), later_than(manifest, day)
    late = {problem.shard_id for problem in problems}
    for source in manifest.sources:
        segments = chains.get((source.epoch, source.shard_id), [])
        if digest_of(segments) == source.digest:
            continue
        headless = not segments or str(segments[0].link.start) != source.start
        # A chain that is broken or longer elsewhere is reported already, with its position.
        if headless or source.shard_id not in broken | late:
            problems.append(_changed(source, segments, key))
    return problems


def later_than(manifest: Manifest, day: CommittedDay) -> list[Problem]:
    """Return the first segment of each shard that goes beyond what the run was made of."""
    ends = {(source.epoch, source.shard_id): Position.parse(source.last) for source in manifest.sources}
    problems = []
    for owner, segments in day.by_owner().items():
        later = (one for one in segments if owner not in ends or one.summary.last > ends[owner])
        first = next(later, None)
        if first is not None:
            what = "later: a segment that the run does not have; seal the day again, or replay it"
            problems.append(Problem(what, owner[1], str(first.link.start), first.link.key))
    return problems


def _changed(source: Source, segments: list[Committed], key: str) -> Problem:
    if not segments:
        what = "missing: all segments of the shard, of which the run has records"
        return Problem(what, source.shard_id, source.start, key)
    start, last = segments[0].link.start, segments[-1].summary.last
    if str(start) != source.start:
        what = f"missing: the chain begins only at {start}; the run has earlier records"
        return Problem(what, source.shard_id, source.start, key)
    if str(last) != source.last:
        what = f"missing: the chain ends here; the run has records up to {source.last}"
        return Problem(what, source.shard_id, str(last), key)
    what = "changed: the shard's segments have other metadata than when the run was made"
    return Problem(what, source.shard_id, source.start, key)
