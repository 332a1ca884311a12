"""Asks every question of a lake and writes the report page."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from infra.analytics.cell import cell
from infra.analytics.engine import Engine
from infra.analytics.questions import QUESTIONS
from infra.analytics.report import render
from infra.analytics.writing import write

if TYPE_CHECKING:
    from pathlib import Path

    from rich.console import Console

    from infra.analytics.location import Location


def write_report(console: Console, location: Location, to: Path) -> None:
    """Write the page to a file, whole or not at all, and print its path.

    Raises `LocationError` where the lake cannot be read, `OSError` where the file cannot be written.
    """
    if not to.parent.is_dir():  # before minutes of questions, not after them
        raise FileNotFoundError(f"there is no folder {to.parent} for {to.name}: make it first")
    columns = (
        TextColumn(f"{'questions answered':>18}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
    )
    with Engine(location) as engine, Progress(*columns, console=console) as progress:
        asked = progress.track(QUESTIONS.values(), total=len(QUESTIONS))
        answers = {question.name: engine.ask(question) for question in asked}
    write(to, render(answers, location.name))
    console.print("The report page:", cell(to.resolve(), "bold"), soft_wrap=True)
