"""The lake's days and what is known of each, so that every chart marks the same ones as provisional."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from datetime import date, datetime

    from infra.analytics.charts.section import Row


@dataclass(frozen=True, slots=True)
class Days:
    """Each calendar day of the lake, in order, with its state: sealed, live, replay, empty or missing.

    `last_arrival` is when the newest record arrived (UTC, without zone), None in an empty lake.
    """

    states: Mapping[date, str]
    last_arrival: datetime | None

    @classmethod
    def of(cls, freshness: Sequence[Row]) -> Days:
        """Read them from the rows that answer `freshness`."""
        arrivals = [row["last_arrival"] for row in freshness if row["last_arrival"] is not None]
        return cls({row["dt"]: row["state"] for row in freshness}, max(arrivals, default=None))

    def provisional(self, day: date) -> bool:
        """Say whether a day may still change: it is not sealed, or not known at all."""
        return self.states.get(day) != "sealed"

    def in_state(self, *states: str) -> list[date]:
        """Return the days that are in one of some states, in order."""
        return [day for day, state in self.states.items() if state in states]

    @property
    def unsealed(self) -> list[date]:
        """The days that have records and are not sealed."""
        return [day for day, state in self.states.items() if state not in {"sealed", "missing", "empty"}]

    @property
    def newest(self) -> date | None:
        """The newest day; None in an empty lake."""
        return max(self.states, default=None)

    def latest(self, rows: Sequence[Row]) -> date:
        """Return the day that a sentence is about: the rows' newest sealed day, or else their newest."""
        days: list[date] = [row["dt"] for row in rows]
        newest: date = max((day for day in days if not self.provisional(day)), default=max(days))
        return newest


@dataclass(frozen=True, slots=True)
class Run:
    """Days in a row that are drawn alike, by their places in the series."""

    provisional: bool
    places: tuple[int, ...]


def runs(days: Sequence[date], values: Sequence[object], known: Days) -> Iterator[Run]:
    """Split a series where a day is missing, has no value (None), or is sealed and its neighbour is not.

    So a line that is drawn for each run has a gap where nothing is known.
    """
    places = [place for place, value in enumerate(values) if value is not None]
    current = places[:1]
    for before, place in pairwise(places):
        alike = known.provisional(days[before]) == known.provisional(days[place])
        if not alike or (days[place] - days[before]).days > 1:
            yield Run(known.provisional(days[before]), tuple(current))
            current = []
        current.append(place)
    if current:
        yield Run(known.provisional(days[current[-1]]), tuple(current))
