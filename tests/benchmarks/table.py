"""All results, as one table for people or one JSON object for machines."""

import json
from collections.abc import Sequence

from rich.console import Console
from rich.table import Table

from infra.analytics.terminal_table import print_table
from tests.benchmarks.figure import Aim, Figure, Result


def show(results: Sequence[Result], console: Console) -> None:
    """Print the table and the notes below it."""
    table = Table(title="Benchmarks: the median of the rounds")
    table.add_column("figure")
    for heading in ("median", "min - max", "aim"):
        table.add_column(heading, justify="right", no_wrap=True)
    table.add_column("", no_wrap=True)
    for result in results:
        for figure in result.figures:
            table.add_row(
                figure.name,
                f"{_number(figure.median)} {figure.unit}".rstrip(),
                f"{_number(min(figure.values))} - {_number(max(figure.values))}",
                _aim(figure.aim),
                _verdict(figure),
            )
        table.add_section()
    print_table(console, table)
    for result in results:
        for note in result.notes:
            console.print(f"• {note}", highlight=False)


def document(results: Sequence[Result]) -> str:
    """Return everything as JSON."""
    figures = [figure.document for result in results for figure in result.figures]
    notes = [note for result in results for note in result.notes]
    return json.dumps({"figures": figures, "notes": notes}, indent=2, ensure_ascii=False)


def _aim(aim: Aim | None) -> str:
    return f"{aim.bound.value} {_number(aim.value)}" if aim else ""


def _verdict(figure: Figure) -> str:
    if figure.met is None:
        return ""
    return "[green]met[/green]" if figure.met else "[red]not met[/red]"


def _number(value: float) -> str:
    """Three digits at least, and no more than say something."""
    if value == int(value) or abs(value) >= 100:
        return f"{value:,.0f}"
    return f"{value:.3g}"
