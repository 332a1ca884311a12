"""The keys of a generation's days, each day listed once, and the links among them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from stream_worker.lake.keys import SegmentKey, day_folder, days_folder, days_in

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from datetime import date

    from stream_worker.lake.keys import Owner
    from stream_worker.lake.store import Lake
    from stream_worker.stream.records import Position


@dataclass(frozen=True, slots=True)
class ListedDay:
    """A day's links by owner, and the keys that are not a segment's."""

    links: dict[Owner, list[SegmentKey]]
    foreign: list[str]

    @classmethod
    def of(cls, keys: Iterable[str]) -> ListedDay:
        """Sort keys into both."""
        day = cls({}, [])
        for key in keys:
            link = SegmentKey.parse(key)
            if link is None:
                day.foreign.append(key)
            else:
                day.links.setdefault(link.owner, []).append(link)
        return day

    def keys(self) -> Iterator[str]:
        """Yield all keys."""
        yield from self.foreign
        yield from (link.key for links in self.links.values() for link in links)


@dataclass(slots=True)
class Listing:
    """A generation as it was while it was listed, day by day; workers may have committed meanwhile."""

    lake: Lake
    generation: str
    _days: dict[date, ListedDay] = field(default_factory=dict)
    _until: dict[Owner, Position] | None = None

    def again(self) -> Listing:
        """List the same days once more; what each chain then has beyond the first listing is left out.

        A segment is committed after all those before it on its chain. So everything that comes before a
        segment of the first listing is in one of the two, whatever was committed between its days.
        """
        until: dict[Owner, Position] = {}
        for listed in self._days.values():
            for owner, links in listed.links.items():
                last = max(link.start for link in links)
                until[owner] = max(last, until.get(owner, last))
        again = Listing(self.lake, self.generation, {}, until)
        for day, listed in self._days.items():
            again.take(day, listed.keys())
        return again

    def take(self, day: date, known: Iterable[str] = ()) -> None:
        """List a day, and add keys of it that are known already."""
        folder = day_folder("reports", self.generation, day)
        listed = ListedDay.of(sorted({*self.lake.keys(folder), *known}))
        if self._until is not None:
            kept = {owner: self._kept(owner, links) for owner, links in listed.links.items()}
            listed = ListedDay({owner: links for owner, links in kept.items() if links}, listed.foreign)
        self._days[day] = listed

    def day(self, day: date) -> ListedDay:
        """Return a day's links and foreign keys; it is listed the first time."""
        if day not in self._days:
            self.take(day)
        return self._days[day]

    def own(self, owner: Owner, *days: date) -> Iterator[SegmentKey]:
        """Yield a shard's links of some days."""
        for day in days:
            yield from self.day(day).links.get(owner, ())

    def days(self) -> list[date]:
        """List the days of which anything is committed, oldest first."""
        return days_in(self.lake.folders(days_folder("reports", self.generation)))

    def _kept(self, owner: Owner, links: list[SegmentKey]) -> list[SegmentKey]:
        last = (self._until or {}).get(owner)
        return [link for link in links if last is not None and link.start <= last]
