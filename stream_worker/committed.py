"""What is committed of a day: every shard's segments in one generation, and whether the chains are whole."""

from __future__ import annotations

import hashlib
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from stream_worker import link
from stream_worker.gap import gaps_of
from stream_worker.generation import days_of
from stream_worker.link import Link
from stream_worker.problem import Kind, Problem
from stream_worker.records import START
from stream_worker.segment import OUTCOMES, Summary, committed_rejects_key, day_prefix
from stream_worker.span import Span

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import date

    from stream_worker.lake import Lake
    from stream_worker.link import Owner

_READERS: Final = 16  # objects asked for at a time: S3's latency counts, not its bandwidth
_ONE_DAY: Final = timedelta(days=1)
_FAR: Final = timedelta(hours=1)  # farther out of order no shard's arrivals are


@dataclass(frozen=True, slots=True)
class Committed:
    """A segment as the lake has it."""

    link: Link
    summary: Summary

    @property
    def rejects(self) -> str | None:
        """The key of what it rejected, or None."""
        return committed_rejects_key(self.link.key, self.summary)


@dataclass(frozen=True, slots=True)
class CommittedDay:
    """A day's segments, by shard and position; `problems` names what is no segment and where chains break."""

    day: date
    generation: str
    segments: list[Committed]
    problems: list[Problem]

    @property
    def outcomes(self) -> dict[str, int]:
        """What the segments say became of their records."""
        return outcomes_of(self.segments)

    def by_owner(self) -> dict[Owner, list[Committed]]:
        """Return each shard's segments."""
        shards: dict[Owner, list[Committed]] = {}
        for segment in self.segments:
            shards.setdefault(segment.link.owner, []).append(segment)
        return shards


def outcomes_of(segments: Iterable[Committed]) -> dict[str, int]:
    """Add up what segments say became of their records; every outcome is named."""
    total = Counter(dict.fromkeys(OUTCOMES, 0))
    for segment in segments:
        total.update(segment.summary.outcomes)
    return dict(total)


def digest_of(segments: Sequence[Committed]) -> str:
    """Return a fingerprint: where each segment stands in its chain, and all that it says of itself.

    Not its generation: the same segments give the same fingerprint wherever they are kept.
    """
    told = hashlib.sha256()
    for segment in segments:
        place = segment.link.key.rpartition("/")[2]
        told.update(repr((place, sorted(segment.summary.metadata.items()))).encode())
    return told.hexdigest()


def read_day(lake: Lake, generation: str, day: date) -> CommittedDay:
    """Read what is committed of a day.

    The keys of the days beside it are looked at too: chains go on over midnight, and a straggler's segment
    may stand between two of the next day.
    """
    keys = {near: _keys(lake, generation, near) for near in (day - _ONE_DAY, day, day + _ONE_DAY)}
    foreign = [key for key in keys[day] if Link.of(key) is None]
    links = [found for near in keys.values() for found in map(Link.of, near) if found is not None]
    chains = [_with_predecessor(lake, generation, chain) for chain in link.chains(links).values()]
    asked = {one.key: one for chain in chains for one in chain if one.day == day}
    asked |= {one.key: one for chain in chains for one, _ in link.joints(chain, day)}
    with ThreadPoolExecutor(_READERS) as readers:
        told = readers.map(lambda key: _summary(lake, key), asked)
        summaries = {key: summary for key, summary in zip(asked, told, strict=True) if summary is not None}
        for beside in readers.map(lambda chain: _beside_midnight(lake, chain, day), chains):
            summaries |= beside
    foreign += [key for key, one in asked.items() if one.day == day and key not in summaries]
    ends = {key: summary.last for key, summary in summaries.items()}
    problems = [_foreign(key) for key in sorted(foreign)]
    problems += [problem for chain in chains for problem in link.breaks(chain, day, ends)]
    problems += gaps_of(lake, generation, day)
    segments = [
        Committed(one, summaries[one.key])
        for chain in chains
        for one in chain
        if one.day == day and one.key in summaries
    ]
    return CommittedDay(day, generation, segments, problems)


def days(lake: Lake, generation: str) -> list[date]:
    """Return the days of which anything is committed, oldest first."""
    return days_of(lake.folders(f"reports/{generation}/"))


def _foreign(key: str) -> Problem:
    what, found = "foreign: no segment of this worker's; move it out of the lake", Link.of(key)
    if found is None:
        return Problem(what, key=key, kind=Kind.FOREIGN)
    return Problem(what, found.shard_id, str(found.start), key, Kind.FOREIGN)


def _keys(lake: Lake, generation: str, day: date) -> list[str]:
    return list(lake.keys(day_prefix("reports", generation, day)))


def _summary(lake: Lake, key: str) -> Summary | None:
    try:
        return Summary.parse(lake.metadata(key))
    except (KeyError, ValueError):
        return None


def _beside_midnight(lake: Lake, chain: list[Link], day: date) -> dict[str, Summary]:
    """Return the summaries of other days' links between which one of this day may be missing.

    They are looked at from each midnight outwards, until arrivals are too far away from it.
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


def _with_predecessor(lake: Lake, generation: str, chain: list[Link]) -> list[Link]:
    """Return the chain with the link before it, however many days ago that was committed."""
    first = chain[0]
    if first.start == START:
        return chain
    for day in reversed(days(lake, generation)):
        if day < first.day:
            earlier = [found for found in map(Link.of, _keys(lake, generation, day)) if found is not None]
            own = [found for found in earlier if found.owner == first.owner]
            if own:
                return [max(own, key=lambda found: found.start), *chain]
    return chain
