"""The analysts' questions over 90 days of a million: time, memory, the share of the lake that each reads."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Final

from infra.analytics.questions import QUESTIONS
from tests.benchmarks import fresh
from tests.benchmarks.figure import Figure, Result, at_most

if TYPE_CHECKING:
    from tests.benchmarks.figure import Tick

DAYS: Final = 90
REPORTS: Final = 1_000_000
MEASUREMENTS: Final = ("a lake of 90 days", *QUESTIONS)
_MEMORY: Final = 4_000.0


def measure(_seconds: float, rounds: int, tick: Tick, *, days: int = DAYS, reports: int = REPORTS) -> Result:
    """Make the lake once, and ask each question once in a fresh process on both cores."""
    with TemporaryDirectory(prefix="questions-benchmark-") as folder:
        lake = str(Path(folder) / "lake")
        tick(MEASUREMENTS[0])
        size = fresh.measure("questions_lake", lake, str(days), str(reports), core=None)["bytes"]
        found = {}
        for name in QUESTIONS:
            tick(name)
            found[name] = fresh.measure("question_run", lake, name, core=None)
    for _ in range((rounds - 1) * len(MEASUREMENTS)):  # it takes minutes: once is enough
        tick(MEASUREMENTS[0])
    figures = [
        Figure("all questions, two cores", "s", [sum(one["seconds"] for one in found.values())]),
        Figure("  most memory", "MB", [max(one["peak"] for one in found.values())], at_most(_MEMORY)),
        Figure("  the lake", "GB", [size / 1e9]),
    ]
    for name, one in found.items():
        figures += [
            Figure(f"question {name}", "s", [one["seconds"]]),
            Figure("  of the lake read", "%", [100 * one["bytes"] / size]),
        ]
    return Result(figures, [_NOTE])


_NOTE: Final = (
    f"Questions: {DAYS} sealed days of {REPORTS:,} reports in a folder, written as the worker writes them; "
    "DuckDB with two threads and 3 GB, a fresh process for each question, once. Read: what the process read "
    "from files, without what it had spilled."
)
