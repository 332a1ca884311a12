"""A progress bar for a story: the days, and what is done in each."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from datetime import date

    from rich.console import Console


@contextmanager
def days_bar(console: Console, days: int) -> Iterator[Callable[[date, str], None]]:
    """Show a bar from the first report on; give the function that `fill` reports to."""
    columns = (
        TextColumn(f"{'days sealed':>18}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TextColumn("{task.description}"),
    )
    progress = Progress(*columns, console=console)
    task = progress.add_task("", total=days)

    def report(day: date, what: str) -> None:
        progress.start()
        over = what == "over"
        progress.update(task, advance=int(over), description="" if over else f"{day} {what}")

    try:
        yield report
    finally:
        if progress.live.is_started:
            progress.stop()
