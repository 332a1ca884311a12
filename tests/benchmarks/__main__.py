"""The command `python -m tests.benchmarks`: measure everything, print one table."""

import argparse
import sys
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Final

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from tests.benchmarks import (
    edge,
    engines,
    fraud,
    kcl_start,
    questions,
    seal,
    seen,
    strangers,
    table,
    worker,
    worst_bodies,
)
from tests.benchmarks.figure import Result, Tick


@dataclass(frozen=True, slots=True)
class Benchmark:
    """What a benchmark measures in a round, by name, and how."""

    measurements: Collection[str]
    measure: Callable[[float, int, Tick], Result]


BENCHMARKS: Final = {
    "edge": Benchmark(edge.MEASUREMENTS, edge.measure),
    "strangers": Benchmark(strangers.MEASUREMENTS, strangers.measure),
    "worker": Benchmark(worker.MEASUREMENTS, worker.measure),
    "seen": Benchmark(seen.MEASUREMENTS, seen.measure),
    "start": Benchmark(kcl_start.MEASUREMENTS, kcl_start.measure),
    "engines": Benchmark(engines.MEASUREMENTS, engines.measure),
    "fraud": Benchmark(fraud.MEASUREMENTS, fraud.measure),
    "seal": Benchmark(seal.measurements(seal.LARGEST), seal.measure),
    "worst": Benchmark(worst_bodies.MEASUREMENTS, worst_bodies.measure),
    "questions": Benchmark(questions.MEASUREMENTS, questions.measure),
}


def main() -> None:
    """Measure what is asked for; the table, or with --json the document, goes to stdout."""
    given = _parser().parse_args()
    names = [given.only] if given.only else list(BENCHMARKS)
    sealed = Benchmark(seal.measurements(given.largest), partial(seal.measure, largest=given.largest))
    results = _measure(BENCHMARKS | {"seal": sealed}, names, given.seconds, given.rounds)
    if given.json:
        sys.stdout.write(table.document(results) + "\n")
    else:
        table.show(results, Console())


def _measure(
    benchmarks: Mapping[str, Benchmark], names: list[str], seconds: float, rounds: int
) -> list[Result]:
    columns = (TextColumn("{task.description:24}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        steps = sum(rounds * len(benchmarks[name].measurements) for name in names)
        task, begun = progress.add_task("", total=steps), False

        def tick(what: str) -> None:
            nonlocal begun
            progress.update(task, description=what, advance=int(begun))
            begun = True

        return [benchmarks[name].measure(seconds, rounds, tick) for name in names]


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m tests.benchmarks",
        description="Measure edge, worker, seen-set, engines in alternating rounds of fresh processes beside "
        "what somebody would write, the edge among strangers, seal and fraud rules on made-up days, the "
        "questions on a lake of them; print one table: each figure, its aim, whether it was met.",
        epilog="On a shared machine trust the ratios, not single rounds. It takes about an hour, half of it "
        "for the strangers.",
    )
    parser.add_argument(
        "--seconds", type=float, default=5.0, metavar="S", help="seconds that each measurement counts (5)"
    )
    parser.add_argument(
        "--rounds", type=int, default=5, metavar="N", help="rounds, of which the median counts (5)"
    )
    parser.add_argument("--only", choices=list(BENCHMARKS), help="one of them alone")
    parser.add_argument(
        "--largest", type=int, default=seal.LARGEST, metavar="N", help="the largest day that is sealed (10^7)"
    )
    parser.add_argument("--json", action="store_true", help="print JSON in place of the table")
    return parser


if __name__ == "__main__":
    main()
