"""The demonstration: a day of a fleet through the whole system, with four weeks of it in the lake already."""

from __future__ import annotations

import time
from collections import Counter
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from infra.fleets import fleet, traffic
from infra.fleets.story.making import make_story
from infra.local import accounting
from infra.local.demo_days import play_story, show_notes, yesterday
from infra.local.demo_tables import show_accounts, show_answers, show_objects
from infra.local.filling.target import Target
from infra.local.lake_copy import download, present
from infra.local.system import start_processes, start_resources
from stream_worker.lake.segment import OUTCOMES

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from datetime import date
    from pathlib import Path

    from rich.console import Console

    from infra.fleets.fleet import Sent
    from infra.fleets.story.story import Story
    from infra.local.system import Cloud, System

DAYS: Final = 28
"""Whole weeks behind the day: so many that every chart of the report page has something to show."""

REPORTS: Final = 4_000
"""How many reports are sent on the day, unless another number is given."""

FLUSH_SECONDS: Final = 2
_SETTLE_SECONDS: Final = 60
_LARGEST_FLEET: Final = 4_000
_FLEET_SHARE: Final = 0.95
"""Of a day's reports: then nearly all of its honest ones come from the story's fleet."""

_GROWTH: Final = 3
WAITING_FOR_LEASES: Final = (
    "Waiting until the Kinesis Client Library has taken its leases and started a process for each shard: "
    "some ten seconds …"
)


class DemoError(Exception):
    """A record of the demonstration is missing, or has another outcome than expected."""


def run(console: Console, *, reports: int, seed: int, lake: Path, logs: Path, engine: str = "poll") -> None:  # noqa: PLR0913 - what the command takes
    """Fill a lake with four weeks, play the day after them, show its outcomes, and leave all in `lake`.

    Raises `DemoError` when a record is missing or has another outcome than the fleet's maker expects, and
    `FillError` when a day of the four weeks is not as the story has it.
    """
    console.print("Starting the emulated AWS …")
    story = weeks_before(reports, seed, yesterday())
    with start_resources(logs) as cloud:
        console.print(f"Filling its lake with the {DAYS} days until yesterday, sealed one by one …")
        play_story(console, Target.of(cloud), story)
        over = story.days[-1].day
        sent = fleet.day(reports, seed, honest_of(story))
        found, answers = _play_day(console, cloud, sent, over, logs, engine)
        days = accounting.days(cloud.lake, over)
        download(cloud, lake)
    expected = fleet.expected(sent)
    show_accounts(console, expected, found, answers)
    show_objects(console, lake, days)
    show_answers(console, lake)
    if not _as_sent(found, expected, len(days)):
        raise DemoError(f"the records' outcomes are not those that were sent; the logs are in {logs}")
    show_notes(console, story.notes)
    present(console, lake)


def weeks_before(reports: int, seed: int, last_day: date) -> Story:
    """Return the story of a fleet that grows until it sends about as many reports as the day after it needs.

    A day of more than 4,000 reports has new deployments beside the story's: weeks of them would take minutes.
    """
    size = max(1, round(_FLEET_SHARE * min(reports, _LARGEST_FLEET)))
    return make_story(DAYS, seed, last_day, start=max(1, size // _GROWTH), end=size, forgeries=size // 2)


def honest_of(story: Story) -> list[bytes]:
    """Return what the story's deployments report on the day after it."""
    return [one.body for one in story.next_day.sent if one.outcome == "accepted"]


def _play_day(  # noqa: PLR0913, PLR0917 - what a day is played with
    console: Console, cloud: Cloud, sent: list[Sent], over: date, logs: Path, engine: str
) -> tuple[Counter[str], Counter[str]]:
    """Send a day's reports through the edge, and wait until the worker has committed every record.

    Returns the outcomes that the lake has, and how the edge answered.
    """
    console.print("Starting the edge and the worker for today …")
    settings = {"METRICS_FLUSH_SECONDS": str(FLUSH_SECONDS)}
    with start_processes(cloud, logs, engine=engine, settings=settings) as system:
        if engine == "kcl":
            console.print(WAITING_FOR_LEASES)
            system.await_shards()
        with _bar(console, "reports sent", len(sent)) as (tick, _):
            answers = traffic.play(sent, system.edge_url, cloud.kinesis, cloud.resources.stream, tick)
        received = answers["202"] + answers[traffic.ON_THE_STREAM]
        return _await_commit(console, system, received, over), answers


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


def _await_commit(console: Console, system: System, received: int, over: date) -> Counter[str]:
    lake = system.cloud.lake
    deadline = time.monotonic() + _SETTLE_SECONDS
    with _bar(console, "records committed", received) as (_, move_to):
        while True:
            found = accounting.outcomes(lake, over)
            move_to(found.total())
            if found.total() >= received:
                return found
            if time.monotonic() > deadline:
                missing = received - found.total()
                raise DemoError(f"{missing} records were not committed within {_SETTLE_SECONDS} s")
            time.sleep(0.2)
