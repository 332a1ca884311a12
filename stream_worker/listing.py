"""The keys of a generation's days, each day listed once, and the links that they are."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from stream_worker.generation import days_of
from stream_worker.link import Link
from stream_worker.segment import day_prefix

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import date

    from stream_worker.lake import Lake
    from stream_worker.link import Owner
    from stream_worker.records import Position


@dataclass(slots=True)
class Listing:
    """A generation as it was while it was listed, day by day; workers may have committed meanwhile."""

    lake: Lake
    generation: str
    _keys: dict[date, list[str]] = field(default_factory=dict)
    _until: dict[Owner, Position] | None = None

    def again(self) -> Listing:
        """List the same days once more; what each chain then has beyond the first listing is left out.

        A segment is committed after all those before it on its chain. So everything that stands before a
        segment of the first listing is in one of the two, whatever was committed between its days.
        """
        until = {link.owner: link.start for link in sorted(self.links(self._keys), key=lambda link: link.start)}
        keys = {day: sorted({*held, *self._list(day)}) for day, held in self._keys.items()}
        return Listing(self.lake, self.generation, keys, until)

    def keys(self, day: date) -> list[str]:
        """Return the keys of a day."""
        if day not in self._keys:
            self._keys[day] = self._list(day)
        return [key for key in self._keys[day] if self._is_within(Link.of(key))]

    def links(self, days: Iterable[date]) -> list[Link]:
        """Return the links of some days."""
        return [link for day in list(days) for link in map(Link.of, self.keys(day)) if link is not None]

    def days(self) -> list[date]:
        """Return the days of which anything is committed, oldest first."""
        return days_of(self.lake.folders(f"reports/{self.generation}/"))

    def _list(self, day: date) -> list[str]:
        return list(self.lake.keys(day_prefix("reports", self.generation, day)))

    def _is_within(self, link: Link | None) -> bool:
        if link is None or self._until is None:
            return True
        return link.owner in self._until and link.start <= self._until[link.owner]
