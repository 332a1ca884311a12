"""The tables of the demonstration: the day's accounts, its objects, and three answers about it."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from rich.table import Table

from infra.analytics.answer_table import as_table
from infra.analytics.cell import cell
from infra.analytics.engine import Engine
from infra.analytics.folder import Folder
from infra.analytics.questions import QUESTIONS
from infra.analytics.terminal_table import print_table
from stream_worker.lake.keys import LIVE, day_folder
from stream_worker.lake.segment import OUTCOMES

if TYPE_CHECKING:
    from collections import Counter
    from collections.abc import Iterable
    from datetime import date
    from pathlib import Path

    from rich.console import Console

    from infra.analytics.engine import Answer

_ANSWERED: Final = ("version_adoption", "feature_use", "failure_rates")
_LONG_NUMBER: Final = re.compile(r"\d{40,}(\d{4})")


def show_accounts(
    console: Console, expected: Counter[str], found: Counter[str], answers: Counter[str]
) -> None:
    """Print how many records have which outcome, beside how many were sent to have it."""
    console.print("\nWhat became of the records")
    table = Table()
    table.add_column("outcome", no_wrap=True)
    for heading in ("records", "sent as such"):
        table.add_column(heading, justify="right", no_wrap=True)
    for outcome in OUTCOMES:
        table.add_row(outcome, f"{found[outcome]:,}", f"{expected[outcome]:,}")
    table.add_section()
    table.add_row("received", f"{found.total():,}", f"{sum(expected[name] for name in OUTCOMES):,}")
    print_table(console, table)
    console.print(f"Refused by the edge, never on the stream: {answers['400']:,} (400: not a JSON object).")


def show_objects(console: Console, lake: Path, days: Iterable[date]) -> None:
    """Print the objects that the worker has committed on these days, as a copy of the lake has them."""
    table = Table()
    table.add_column("object (.parquet)", no_wrap=True)
    table.add_column("bytes", justify="right", no_wrap=True)
    for prefix in [day_folder(name, LIVE, day) for day in days for name in ("reports", "rejects")]:
        table.add_section()
        table.add_row(cell(prefix, "bold"), "")
        for path in sorted((lake / prefix).glob("*.parquet")):
            table.add_row(cell(_LONG_NUMBER.sub(r"…\1", path.stem)), f"{path.stat().st_size:,}")
    console.print("\nThe day's objects in the lake (long numbers shortened)")
    print_table(console, table)


def show_answers(console: Console, lake: Path) -> None:
    """Print the answers to three questions; of those that have a row for each day, the newest day's."""
    console.print("\nThree questions answered in SQL (where a question asks day by day: the newest day)")
    with Engine(Folder(lake)) as engine:
        for name in _ANSWERED:
            console.print()
            print_table(console, as_table(_newest(engine.ask(QUESTIONS[name]))))


def _newest(answer: Answer) -> Answer:
    if "dt" not in answer.columns:
        return answer
    at = answer.columns.index("dt")
    newest = max((row[at] for row in answer.rows), default=None)
    return replace(answer, rows=[row for row in answer.rows if row[at] == newest])
