"""The command `python -m tests.benchmarks`: measure everything, print one table."""

import argparse
import sys
from typing import Final

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from tests.benchmarks import edge, engines, fraud, kcl_start, seen, table, worker
from tests.benchmarks.figure import Result

_WIDTH: Final = 100  # what the table needs: a pipe has no width

BENCHMARKS: Final = {
    "edge": edge,
    "worker": worker,
    "seen": seen,
    "start": kcl_start,
    "engines": engines,
    "fraud": fraud,
}


def main() -> None:
    """Measure what is asked for; the table, or with --json the document, goes to stdout."""
    given = _parser().parse_args()
    names = [given.only] if given.only else list(BENCHMARKS)
    results = _measure(names, given.seconds, given.rounds)
    if given.json:
        sys.stdout.write(table.document(results) + "\n")
    else:
        table.show(results, Console(width=max(Console().width, _WIDTH)))


def _measure(names: list[str], seconds: float, rounds: int) -> list[Result]:
    columns = (TextColumn("{task.description:24}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        steps = sum(rounds * len(BENCHMARKS[name].MEASUREMENTS) for name in names)
        task, begun = progress.add_task("", total=steps), False

        def tick(what: str) -> None:
            nonlocal begun
            progress.update(task, description=what, advance=int(begun))
            begun = True

        return [BENCHMARKS[name].measure(seconds, rounds, tick) for name in names]


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m tests.benchmarks",
        description="Measure edge, worker, seen-set, engines in alternating rounds of fresh processes beside "
        "what somebody would write, and the fraud rules on made-up days; print one table: each "
        "figure, its aim, whether it was met.",
        epilog="On a shared machine trust the ratios, not single rounds. It takes about fifteen minutes.",
    )
    parser.add_argument(
        "--seconds", type=float, default=5.0, metavar="S", help="seconds that each measurement counts (5)"
    )
    parser.add_argument(
        "--rounds", type=int, default=5, metavar="N", help="rounds, of which the median counts (5)"
    )
    parser.add_argument("--only", choices=list(BENCHMARKS), help="one of them alone")
    parser.add_argument("--json", action="store_true", help="print JSON in place of the table")
    return parser


if __name__ == "__main__":
    main()
