"""The demonstration with a story: weeks of a growing fleet, sealed day by day, and what to look for."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from infra.analytics.cell import cell
from infra.fleets.story.making import make_story
from infra.local.filling.bar import days_bar
from infra.local.filling.fill import fill
from infra.local.filling.target import Target
from infra.local.lake_copy import download, present
from infra.local.system import start_resources

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import date
    from pathlib import Path

    from rich.console import Console

    from infra.fleets.story.story import Story


def run(console: Console, *, days: int, seed: int, lake: Path, logs: Path) -> None:
    """Play a story until yesterday, show what to look for, and leave the lake's files in `lake`.

    Raises `FillError` when a sealed day is not what the story says.
    """
    console.print("Starting the emulated AWS …")
    story = make_story(days, seed, yesterday())
    with start_resources(logs) as cloud:
        play_story(console, Target.of(cloud), story)
        download(cloud, lake)
    show_notes(console, story.notes)
    present(console, lake)


def play_story(console: Console, target: Target, story: Story) -> None:
    """Fill a target's lake with a story, with a progress bar."""
    with days_bar(console, len(story.days)) as on_bar:
        fill(target, story, report=on_bar)


def yesterday() -> date:
    """Return the last UTC day that is over."""
    return datetime.now(UTC).date() - timedelta(days=1)


def show_notes(console: Console, notes: Iterable[str]) -> None:
    """Print what to look for in a lake that has the story."""
    console.print("\nWhat to look for")
    for note in notes:
        console.print(cell(f"- {note}"), soft_wrap=not console.is_terminal)
