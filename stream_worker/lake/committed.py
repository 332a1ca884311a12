"""What is committed of a day: every shard's segments in one generation, and whether the chains are whole."""

from __future__ import annotations

import hashlib
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING, Final

from stream_worker.lake import link
from stream_worker.lake.gap import gaps_of
from stream_worker.lake.keys import SegmentKey
from stream_worker.lake.listing import Listing
from stream_worker.lake.segment import OUTCOMES, Summary, rejects_key
from stream_worker.lake.signpost import is_signpost
from stream_worker.process.problem import Kind, Problem
from stream_worker.stream.records import START
from stream_worker.stream.span import Span

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import date

    from stream_worker.lake.keys import Owner
    from stream_worker.lake.store import Lake
    from stream_worker.stream.records import Position

_READERS: Final = 16  # objects read at a time: S3's latency counts, not its bandwidth
_ONE_DAY: Final = timedelta(days=1)
_FAR: Final = timedelta(hours=1)  # no shard's arrivals are farther out of order


@dataclass(frozen=True, slots=True)
class Committed:
    """A segment as the lake has it."""

    link: SegmentKey
    summary: Summary

    @property
    def rejects(self) -> str | None:
        """The key of what it rejected, or None."""
        return rejects_key(self.link, self.summary)


@dataclass(frozen=True, slots=True)
class CommittedDay:
    """A day's segments, by shard and position; `problems` has the foreign objects and where chains break.

    `signposts` are the keys of those that were read, of this day and the days beside it: they hold no record.
    """

    day: date
    generation: str
    segments: list[Committed]
    problems: list[Problem]
    signposts: frozenset[str] = frozenset()

    @property
    def outcomes(self) -> dict[str, int]:
        """The segments' counts of their records by outcome."""
        return outcomes_of(self.segments)

    @property
    def judged_by(self) -> list[str]:
        """The ids of the judgements that settled the day's records, each once."""
        return sorted({segment.summary.judged_by for segment in self.segments})

    def by_owner(self) -> dict[Owner, list[Committed]]:
        """Return each shard's segments."""
        shards: dict[Owner, list[Committed]] = {}
        for segment in self.segments:
            shards.setdefault(segment.link.owner, []).append(segment)
        return shards


def outcomes_of(segments: Iterable[Committed]) -> dict[str, int]:
    """Add up the segments' counts by outcome; every outcome is named."""
    total = Counter(dict.fromkeys(OUTCOMES, 0))
    for segment in segments:
        total.update(segment.summary.outcomes)
    return dict(total)


def digest_of(segments: Sequence[Committed]) -> str:
    """Return a fingerprint of each segment's step in its chain and of all its metadata.

    The generation is not part of it: the same segments give the same fingerprint in any generation.
    """
    sha256 = hashlib.sha256()
    for segment in segments:
        sha256.update(repr((segment.link.name, sorted(segment.summary.metadata.items()))).encode())
    return sha256.hexdigest()


def read_day(lake: Lake, generation: str, day: date) -> CommittedDay:
    """Read what is committed of a day, even while workers commit to it.

    The keys of the days beside it are read too: chains go on over midnight, and a straggler's segment may
    come between two of the next day. A gap is a problem only if a second listing has it too.
    """
    listing = Listing(lake, generation)
    found = _read(listing, day)
    return _read(listing.again(), day) if any(problem.is_gap for problem in found.problems) else found


def _read(listing: Listing, day: date) -> CommittedDay:
    lake, near = listing.lake, (day - _ONE_DAY, day, day + _ONE_DAY)
    foreign = list(listing.day(day).foreign)
    links = (one for beside in near for own in listing.day(beside).links.values() for one in own)
    chains = [_with_predecessor(listing, chain) for chain in link.chains(links).values()]
    asked = {one.key: one for chain in chains for one in chain if one.day == day}
    asked |= {one.key: one for chain in chains for one, _ in link.joints(chain, day)}
    with ThreadPoolExecutor(_READERS) as readers:
        read = readers.map(lambda key: _summary(lake, key), asked)
        summaries = {key: summary for key, summary in zip(asked, read, strict=True) if summary is not None}
        for near_midnight in readers.map(lambda chain: _beside_midnight(lake, chain, day), chains):
            summaries |= near_midnight
    foreign += [key for key, one in asked.items() if one.day == day and key not in summaries]
    signposts = {key: summary.last for key, summary in summaries.items() if is_signpost(summary)}
    # A signpost ends where it begins: what it passes over is a gap. It sorts before the segment that follows.
    ends = {key: summary.last for key, summary in summaries.items() if key not in signposts}
    ends |= {one.key: one.start for chain in chains for one in chain if one.key in signposts}
    chains = [sorted(chain, key=lambda one: (one.start, one.key not in signposts)) for chain in chains]
    problems = [_foreign(key) for key in sorted(foreign)]
    problems += [
        problem for chain in chains for problem in link.breaks(chain, day, ends, partial(_goes_on, listing))
    ]
    problems += gaps_of(lake, listing.generation, day)
    segments = [
        Committed(one, summaries[one.key])
        for chain in chains
        for one in chain
        if one.day == day and one.key in summaries and one.key not in signposts
    ]
    return CommittedDay(day, listing.generation, segments, problems, frozenset(signposts))


def days(lake: Lake, generation: str) -> list[date]:
    """List the days of which anything is committed, oldest first."""
    return Listing(lake, generation).days()


def _foreign(key: str) -> Problem:
    what, found = "foreign: not one of this worker's segments; move it out of the lake", SegmentKey.parse(key)
    if found is None:
        return Problem(what, key=key, kind=Kind.FOREIGN)
    return Problem(what, found.shard_id, str(found.start), key, Kind.FOREIGN)


def _summary(lake: Lake, key: str) -> Summary | None:
    try:
        return Summary.parse(lake.metadata(key))
    except (KeyError, ValueError):
        return None


def _beside_midnight(lake: Lake, chain: list[SegmentKey], day: date) -> dict[str, Summary]:
    """Return the summaries of other days' links between which one of this day may be missing.

    They are read from each midnight outwards, until arrivals are too far away from it.
    """
    span, found = Span(day, day, _FAR), dict[str, Summary]()
    for one in reversed([one for one in chain if one.day < day]):
        summary = _summary(lake, one.key)
        if summary is None:
            break
        found[one.key] = summary
        if summary.last_arrival < span.since.timestamp() * 1000:
            break
    for one in (one for one in chain if one.day > day):
        summary = _summary(lake, one.key)
        if summary is None or summary.first_arrival >= span.over.timestamp() * 1000:
            break
        found[one.key] = summary
    return found


def _goes_on(listing: Listing, one: SegmentKey, other: SegmentKey, end: Position) -> bool:
    """Return whether a segment of a day beside those of two links begins where the first link ends."""
    beside = {near.day + step * _ONE_DAY for near in (one, other) for step in (-1, 1)}
    starts = [found for found in listing.own(one.owner, *beside) if found.start == end]
    summaries = [_summary(listing.lake, found.key) for found in starts]
    return any(summary is not None and not is_signpost(summary) for summary in summaries)


def _with_predecessor(listing: Listing, chain: list[SegmentKey]) -> list[SegmentKey]:
    """Return the chain with the link before it, however many days ago that was committed.

    That is the one with the greatest start below its own: an earlier day may have stragglers that came later,
    and a chain whose first segment came after midnight may go on with a straggler before it.
    """
    first = chain[0]
    if first.start == START:
        return chain

    def before(*days: date) -> list[SegmentKey]:
        return [found for found in listing.own(first.owner, *days) if found.start < first.start]

    earlier = before(first.day - _ONE_DAY, first.day, first.day + _ONE_DAY)
    for older in reversed(listing.days()) if not earlier else ():
        if older < first.day and before(older):
            earlier = before(older - _ONE_DAY, older)
            break
    return [max(earlier, key=lambda found: found.start), *chain] if earlier else chain
