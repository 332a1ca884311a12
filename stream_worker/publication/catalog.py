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
    """The tables' `dt` partitions. Each has the folder of the bucket with the day's objects."""

    def add_live(self, day: date) -> None:
        """Make the day's `dt` partition for the live generation in each table that has none."""

    def location(self, table: str, day: date) -> str | None:
        """Return the location of a table's day, None if the table has no such `dt` partition.

        It is a folder of the bucket (`reports/live/dt=2026-11-22/`), or a whole URL if it is elsewhere.
        """

    def point(self, table: str, day: date, folder: str) -> None:
        """Point readers of a table's day at a folder of the bucket, in one step."""

    def days(self, table: str) -> dict[date, str]:
        """Return all days that a table has, with the location of each as `location` returns it."""


@dataclass(slots=True)
class MemoryCatalog:
    """A catalog for tests, with the same answers."""

    locations: dict[tuple[str, date], str] = field(default_factory=dict)

    def add_live(self, day: date) -> None:
        """Make the day's `dt` partition in each table that has none."""
        for table in TABLES:
            self.locations.setdefault((table.name, day), day_folder(table.name, LIVE, day))

    def location(self, table: str, day: date) -> str | None:
        """Return the day's location, if it has one."""
        return self.locations.get((table, day))

    def point(self, table: str, day: date, folder: str) -> None:
        """Set the day's location."""
        self.locations[table, day] = folder

    def days(self, table: str) -> dict[date, str]:
        """Return the location of each of the table's days."""
        return {day: folder for (name, day), folder in self.locations.items() if name == table}
