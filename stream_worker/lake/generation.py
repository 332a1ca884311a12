"""Generations: the complete sets of a day's rows that readers can be pointed at, and where each stands."""

from __future__ import annotations

from contextlib import suppress
from datetime import date
from typing import TYPE_CHECKING, Final

from stream_worker.lake.segment import LIVE, day_prefix

if TYPE_CHECKING:
    from collections.abc import Iterable

TABLE_NAMES: Final = ("rejects", "reports")
"""Both tables in the order in which readers are pointed elsewhere."""


def replay(run: str) -> str:
    """Return the generation into which a replay writes segments of its own."""
    return f"replay/run={run}"


def prefix(table: str, day: date, generation: str) -> str:
    """Return where a table's rows of a day stand: `generation` is `live` or a sealed run's id."""
    if generation == LIVE:
        return day_prefix(table, LIVE, day)
    return f"{day_prefix(table, 'sealed', day)}run={generation}/"


def at(table: str, day: date, location: str | None) -> str | None:
    """Return which generation stands at a location; None if none can stand there."""
    if location is None:
        return None
    if location == prefix(table, day, LIVE):
        return LIVE
    run = location.removeprefix(f"{day_prefix(table, 'sealed', day)}run=").removesuffix("/")
    return run if location == prefix(table, day, run) and run.isalnum() else None


def manifest_key(day: date, run: str) -> str:
    """Return where a run's manifest stands."""
    return f"{runs_prefix(day)}{run}.json"


def runs_prefix(day: date) -> str:
    """Return how the keys of a day's manifests begin."""
    return f"runs/dt={day:%Y-%m-%d}/"


def days_of(folders: Iterable[str]) -> list[date]:
    """Return the days that folders are of, which have names like `dt=2026-11-22`; others are passed over."""
    found = []
    for folder in folders:
        with suppress(ValueError):
            day = date.fromisoformat(folder.removeprefix("dt="))
            if folder == f"dt={day:%Y-%m-%d}":
                found.append(day)
    return found


def switches_prefix(day: date) -> str:
    """Return how the keys of the notes of a day's switches begin; their order is that of time."""
    return f"{runs_prefix(day)}switches/"


def expiring_prefix(day: date) -> str:
    """Return how the keys of the notes of runs that are being removed begin."""
    return f"{runs_prefix(day)}expiring/"


def expiring_key(day: date, run: str) -> str:
    """Return where it is noted that a run is being removed, for as long as that takes."""
    return f"{expiring_prefix(day)}{run}.json"
