"""The catalog: where readers find a table's rows of a day, and a fake that keeps it in memory."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, Protocol

from schemas.tables import TABLES
from stream_worker.lake.keys import LIVE, day_folder

if TYPE_CHECKING:
    from datetime import date

SWITCH_ORDER: Final = ("rejects", "reports")
"""Both tables, in the order in which readers are switched to another generation."""


class Catalog(Protocol):
    """The tables' `dt` partitions. Each names the prefix of the bucket that holds the day's objects."""

    def add_live(self, day: date) -> None:
        """Make the day's `dt` partition in both tables for the live generation, where there is none."""

    def location(self, table: str, day: date) -> str | None:
        """Return where a table's day is, and None if it has no such `dt` partition.

        That is a prefix of the bucket (`reports/live/dt=2026-11-22/`), or a whole URL if it is elsewhere.
        """

    def point(self, table: str, day: date, prefix: str) -> None:
        """Let readers of a table's day read below a prefix of the bucket from now on: in one step."""

    def days(self, table: str) -> dict[date, str]:
        """Return all days of a table that readers find, and where each is, as `location` does."""


@dataclass(slots=True)
class MemoryCatalog:
    """A catalog for tests, with the same answers."""

    locations: dict[tuple[str, date], str] = field(default_factory=dict)

    def add_live(self, day: date) -> None:
        """Make the day's `dt` partitions where there are none."""
        for table in TABLES:
            self.locations.setdefault((table.name, day), day_folder(table.name, LIVE, day))

    def location(self, table: str, day: date) -> str | None:
        """Return where the day is, if it is anywhere."""
        return self.locations.get((table, day))

    def point(self, table: str, day: date, prefix: str) -> None:
        """Let the day be below `prefix`."""
        self.locations[table, day] = prefix

    def days(self, table: str) -> dict[date, str]:
        """Return where each of the table's days is."""
        return {day: prefix for (name, day), prefix in self.locations.items() if name == table}
