"""The demonstration: a day of a fleet through the whole system, and what became of it."""

from __future__ import annotations

import re
import time
from collections import Counter
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table
from rich.text import Text

from infra.analytics.answer_table import as_table
from infra.analytics.cell import cell
from infra.analytics.engine import Engine
from infra.analytics.folder import Folder
from infra.analytics.questions import QUESTIONS
from infra.analytics.reporting import write_report
from infra.fleets import accounting, fleet, traffic
from infra.local.system import start_system
from stream_worker.lake.segment import OUTCOMES

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from rich.console import Console

    from infra.local.system import Cloud, System

FLUSH_SECONDS: Final = 2
_SETTLE_SECONDS: Final = 60
ANSWERED: Final = ("version_adoption", "feature_use", "failure_rates")
_LONG_NUMBER: Final = re.compile(r"\d{40,}(\d{4})")
WAITING_FOR_LEASES: Final = (
    "Waiting until the Kinesis Client Library has taken its leases and started a process for each shard: "
    "some ten seconds …"
)


class DemoError(Exception):
    """The demonstration did not come out as it must."""


def run(console: Console, *, reports: int, seed: int, lake: Path, logs: Path, engine: str = "poll") -> None:  # noqa: PLR0913 - what the command takes
    """Play the day, show the accounts, the objects and three answers, and leave the lake's files in `lake`.

    Raises `DemoError` when a record is missing or has another outcome than the fleet's maker expects.
    """
    day = fleet.day(reports, seed)
    console.print("Starting the emulated AWS, the edge and the worker …")
    settings = {"METRICS_FLUSH_SECONDS": str(FLUSH_SECONDS)}
    with start_system(logs, engine=engine, settings=settings) as system:
        if engine == "kcl":
            console.print(WAITING_FOR_LEASES)
            system.await_shards()
        with _bar(console, "reports sent", len(day)) as (tick, _):
            cloud = system.cloud
            answers = traffic.play(day, system.edge_url, cloud.kinesis, cloud.resources.stream, tick)
        received = answers["202"] + answers[traffic.ON_THE_STREAM]
        found = _await_commit(console, system, received)
        _show_accounts(console, fleet.expected(day), found, answers)
        download(cloud, lake)
    _show_objects(console, lake)
    with Engine(Folder(lake)) as asked:
        for name in ANSWERED:
            console.print()
            console.print(as_table(asked.ask(QUESTIONS[name])))
    if not _as_sent(found, fleet.expected(day), days=len(list((lake / "reports" / "live").iterdir()))):
        raise DemoError(f"the accounts differ from what was sent; the logs are in {logs}")
    leave(console, lake)


def leave(console: Console, lake: Path) -> None:
    """Tell where a lake's files are, make the report page among them, and end with its path."""
    where = Text.assemble("\nThe lake's files are in ", cell(lake, "bold"))
    console.print(where.append(": open them with DuckDB, Polars or pandas."))
    write_report(console, Folder(lake), lake / "report.html")


def _as_sent(found: Counter[str], expected: Counter[str], days: int) -> bool:
    """Compare outcomes; when the demonstration ran past midnight, a report may count again on the new day."""
    if days > 1:
        found, expected = (
            counts + Counter(accepted=counts["duplicate"], duplicate=-counts["duplicate"])
            for counts in (found, expected)
        )
    return all(found[outcome] == expected[outcome] for outcome in OUTCOMES)


@contextmanager
def _bar(
    console: Console, what: str, total: int
) -> Iterator[tuple[Callable[[], None], Callable[[int], None]]]:
    """Show a progress bar; give a function that moves it by one and one that moves it to a number."""
    columns = (TextColumn(f"{what:>18}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console) as progress:
        task = progress.add_task(what, total=total)
        yield lambda: progress.advance(task), lambda done: progress.update(task, completed=done)


def _await_commit(console: Console, system: System, received: int) -> Counter[str]:
    deadline = time.monotonic() + _SETTLE_SECONDS
    with _bar(console, "records committed", received) as (_, move_to):
        while True:
            found = accounting.outcomes(system.cloud.lake)
            move_to(found.total())
            if found.total() >= received:
                return found
            if time.monotonic() > deadline:
                raise DemoError(
                    f"{received - found.total()} records were not committed in {_SETTLE_SECONDS} s"
                )
            time.sleep(0.2)


def _show_accounts(
    console: Console, expected: Counter[str], found: Counter[str], answers: Counter[str]
) -> None:
    console.print("\nWhat became of the records")
    table = Table()
    table.add_column("outcome")
    table.add_column("records", justify="right")
    table.add_column("sent as such", justify="right")
    for outcome in OUTCOMES:
        table.add_row(outcome, f"{found[outcome]:,}", f"{expected[outcome]:,}")
    table.add_section()
    table.add_row("received", f"{found.total():,}", f"{sum(expected[name] for name in OUTCOMES):,}")
    console.print(table)
    refused = {status: number for status, number in answers.items() if status[0] in "45"}
    console.print(
        f"Refused by the edge, never on the stream: {refused.get('400', 0):,} (400: no JSON object)."
    )


def download(cloud: Cloud, lake: Path) -> None:
    """Copy every object of a cloud's lake into a folder, keys as paths."""
    found = cloud.lake
    for key in found.keys(""):
        path = lake / key
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(found.get(key))


def _show_objects(console: Console, lake: Path) -> None:
    table = Table()
    table.add_column("object (.parquet)", overflow="fold")
    table.add_column("bytes", justify="right")
    for folder in sorted({path.parent for path in lake.rglob("*.parquet")}):
        table.add_section()
        table.add_row(cell(f"{folder.relative_to(lake)}/", "bold"), "")
        for path in sorted(folder.iterdir()):
            table.add_row(cell(_LONG_NUMBER.sub(r"…\1", path.stem)), f"{path.stat().st_size:,}")
    console.print("\nObjects in the lake (long numbers shortened)")
    console.print(table)
