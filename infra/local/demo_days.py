"""The demonstration with a story: weeks of a growing fleet, sealed day by day, and what to look for."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from infra.analytics.cell import cell
from infra.fleets.story.telling import tell
from infra.local.demo import download, leave
from infra.local.filling.bar import days_bar
from infra.local.filling.fill import fill
from infra.local.filling.target import Place
from infra.local.system import start_resources

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import date
    from pathlib import Path

    from rich.console import Console

    from infra.fleets.story.story import Story


def run(console: Console, *, days: int, seed: int, lake: Path, logs: Path) -> None:
    """Tell a story until yesterday, show what to look for, and leave the lake's files in `lake`.

    Raises `FillError` when a sealed day is not what the story says.
    """
    console.print("Starting the emulated AWS …")
    story = tell(days, seed, yesterday())
    with start_resources(logs) as cloud:
        play(console, Place.of(cloud), story)
        download(cloud, lake)
    leave(console, lake)


def play(console: Console, place: Place, story: Story) -> None:
    """Tell a story to a place, with a progress bar; then show what to look for."""
    with days_bar(console, len(story.days)) as told:
        fill(place, story, tell=told)
    _show_notes(console, story.notes)


def yesterday() -> date:
    """Return the last UTC day that is over."""
    return datetime.now(UTC).date() - timedelta(days=1)


def _show_notes(console: Console, notes: Iterable[str]) -> None:
    console.print("\nWhat to look for")
    for note in notes:
        console.print(cell(f"- {note}"))
