"""The command: plays seeds, prints what does not hold, shrunk; plays mutations."""

from __future__ import annotations

import json
import os
import sys
from contextlib import closing
from typing import TYPE_CHECKING

import click

from tests.simulation.mutations import MUTATIONS
from tests.simulation.plays import Code, play_all, replay
from tests.simulation.tally import Tally

if TYPE_CHECKING:
    from collections.abc import Generator

    from tests.simulation.game import Played
    from tests.simulation.plays import Became


class _Seeds(click.ParamType[range]):
    name = "A:B[:STEP]"

    def convert(self, value: str | range, param: click.Parameter | None, ctx: click.Context | None) -> range:
        if isinstance(value, range):
            return value
        try:
            first, last, step, *_ = *map(int, value.split(":")), None, None
            return range(first, first + 1 if last is None else last, 1 if step is None else step)
        except ValueError:
            self.fail(f"{value!r}: give 0:1000 for a thousand, or 17 for one", param, ctx)


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--seeds", type=_Seeds(), default="0:100", show_default=True, help="From A up to B, or one.")
@click.option("--seconds", type=float, help="Stop after so many, wherever it is then.")
@click.option("--first", is_flag=True, help="Stop at the first history that fails.")
@click.option(
    "--jobs",
    type=click.IntRange(1),
    default=os.cpu_count() or 1,
    help="Processes; as many as cores by default.",
)
@click.option(
    "--shrink/--no-shrink", default=True, show_default=True, help="Make the first failure of a kind small."
)
@click.option(
    "--whole", is_flag=True, help="Print requests that only read as well; with one seed, if it holds too."
)
@click.option(
    "--exact", is_flag=True, help="Real Parquet, seen-sets and fraud rules: the same histories, slowly."
)
@click.option(
    "--mutation", type=click.Choice([one.name for one in MUTATIONS]), help="Play on code with this fault."
)
@click.option(
    "--mutations", is_flag=True, help="Play each mutation until a seed catches it; print the table."
)
@click.option("--known", "known_too", is_flag=True, help="Fail for what known.py names, too.")
@click.option("--lines", is_flag=True, help="One JSON object for each history, as it ends, and nothing more.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object, for machines.")
def main(  # noqa: PLR0913 - what the command takes
    seeds: range,
    seconds: float | None,
    mutation: str | None,
    jobs: int,
    *,
    first: bool,
    shrink: bool,
    whole: bool,
    exact: bool,
    mutations: bool,
    known_too: bool,
    lines: bool,
    as_json: bool,
) -> None:
    """Play histories of the worker's real code in simulated time, and look whether the promises hold.

    A seed is a history: owners of shards that crash, stall, lose their leases and wake up late; splits and
    merges; arrivals out of order around midnight; a stream that forgets; services that fail, hang, or lose
    their answers; beside them seal, replay, rollback, expire, audit and readers. It goes the same way each
    time. Then all is quiet, and the lake must hold what was on the stream: tests/simulation/invariants.py.

    \b
      python -m tests.simulation --seeds 0:10000          ten thousand histories
      python -m tests.simulation --seeds 17 --whole       one, with every request
      python -m tests.simulation --mutations              the faults that it must find

    Exit status: 0 everything held, 1 something did not, 2 wrong usage.
    """  # noqa: D301 - click's mark for lines that are to stay
    if mutations:
        from tests.simulation.teeth import table  # noqa: PLC0415 - it starts processes of its own

        sys.exit(table(jobs, as_json=as_json))
    code = Code(exact, mutation)
    code.put_in_place()
    tally = Tally(known_too)
    show = not (as_json or lines) and sys.stderr.isatty()
    _count(play_all(seeds, code, jobs, seconds), tally, first=first, lines=lines, show=show)
    if lines:
        sys.exit(bool(tally.failures))
    for failed in tally.failures.values():
        _print(replay(failed.seed), shrink=shrink, whole=whole, as_json=as_json)
    if whole and len(seeds) == 1 and not tally.failures:
        _print(replay(seeds[0]), shrink=False, whole=True, as_json=as_json)
    click.echo(json.dumps(tally.document()) if as_json else tally.line())
    sys.exit(bool(tally.failures))


def _count(played: Generator[Became], tally: Tally, *, first: bool, lines: bool, show: bool) -> None:
    """Count what became of seeds, and show it; stop at the first that fails, if asked to."""
    with closing(played):
        for one in played:
            failed = tally.take(one)
            if lines:
                click.echo(one.line)
                continue
            if show and tally.histories % 10 == 0:
                click.echo(f"\r{tally.line()}", nl=False, err=True)
            if failed:
                click.echo(f"seed {one.seed}: {one.violation}"[:400], err=True)
                if first:
                    return


def _print(played: Played, *, shrink: bool, whole: bool, as_json: bool) -> None:
    from tests.simulation.shrink import shrink as small  # noqa: PLC0415 - as in main
    from tests.simulation.story import lines  # noqa: PLC0415 - as in main

    for line in lines(small(played) if shrink else played, whole=whole):
        click.echo(line, err=as_json)
