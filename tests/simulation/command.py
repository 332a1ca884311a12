"""The command: plays seeds, prints what does not hold, shrunk; plays mutations."""

from __future__ import annotations

import json
import sys
import time
from collections import Counter
from typing import TYPE_CHECKING

import click

from tests.simulation.mutations import MUTATIONS, apply

if TYPE_CHECKING:
    from tests.simulation.game import Played


class _Seeds(click.ParamType[range]):
    name = "A:B"

    def convert(self, value: str | range, param: click.Parameter | None, ctx: click.Context | None) -> range:
        if isinstance(value, range):
            return value
        first, sign, last = value.partition(":")
        try:
            return range(int(first), int(last) if sign else int(first) + 1)
        except ValueError:
            self.fail(f"{value!r}: give 0:1000 for a thousand, or 17 for one", param, ctx)


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--seeds", type=_Seeds(), default="0:100", show_default=True, help="From A up to B, or one.")
@click.option("--seconds", type=float, help="Stop after so many, wherever it is then.")
@click.option("--first", is_flag=True, help="Stop at the first history that fails.")
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
@click.option("--json", "as_json", is_flag=True, help="One JSON object, for machines.")
def main(  # noqa: PLR0913 - what the command takes
    seeds: range,
    seconds: float | None,
    mutation: str | None,
    *,
    first: bool,
    shrink: bool,
    whole: bool,
    exact: bool,
    mutations: bool,
    known_too: bool,
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

        sys.exit(table(as_json=as_json))
    if mutation is not None:
        apply(mutation)
    from tests.simulation import game, stand_ins  # noqa: F401, PLC0415 - a mutation comes before what it changes

    stand_ins.install(exact=exact)
    tally = _Tally(
        show=not as_json and sys.stderr.isatty(),
        until=None if seconds is None else time.monotonic() + seconds,
    )
    tally.play(seeds, first=first, known_too=known_too)
    for played in tally.failures.values():
        _print(played, shrink=shrink, whole=whole, as_json=as_json)
    if whole and len(seeds) == 1 and tally.last is not None and not tally.failures:
        _print(tally.last, shrink=False, whole=True, as_json=as_json)
    click.echo(json.dumps(tally.document()) if as_json else tally.line())
    sys.exit(bool(tally.failures))


class _Tally:
    def __init__(self, *, show: bool, until: float | None) -> None:
        self._show, self._until = show, until
        self.failures: dict[str, Played] = {}
        self.last: Played | None = None
        self._histories = self._effects = self._failed = 0
        self._known, self._met = Counter[str](), Counter[str]()
        self._begun, self._cpu = time.monotonic(), time.process_time()

    def play(self, seeds: range, *, first: bool, known_too: bool) -> None:
        from tests.simulation.game import play  # noqa: PLC0415 - as in main
        from tests.simulation.known import known  # noqa: PLC0415 - as in main
        from tests.simulation.plan import make  # noqa: PLC0415 - as in main

        for seed in seeds:
            if self._until is not None and time.monotonic() > self._until:
                return
            self.last = played = play(make(seed))
            self._histories += 1
            self._effects += played.effects
            self._met.update({met for _, _, what in played.history if (met := _met(what))})
            if self._show and self._histories % 10 == 0:
                click.echo(f"\r{self.line()}", nl=False, err=True)
            if played.violation is None:
                continue
            fault = None if known_too else known(played.violation)
            if fault is not None:
                self._known[fault.name] += 1
                continue
            self._failed += 1
            click.echo(f"seed {seed}: {played.violation}"[:400], err=True)
            self.failures.setdefault(played.violation.invariant, played)
            if first:
                return

    def document(self) -> dict[str, object]:
        """Return what machines are told."""
        return {
            "histories": self._histories,
            "effects": self._effects,
            "seconds": round(time.monotonic() - self._begun, 1),
            "cpu_seconds": round(time.process_time() - self._cpu, 1),
            "failed": self._failed,
            "failures": {
                name: {"seed": one.plan.seed, "what": str(one.violation)}
                for name, one in self.failures.items()
            },
            "known": dict(self._known),
            "met": dict(sorted(self._met.items())),
        }

    def line(self) -> str:
        """Return the same as a line for people."""
        cpu = max(0.1, time.process_time() - self._cpu)
        known = "".join(f", {count} by the known fault «{name}»" for name, count in self._known.most_common())
        return (
            f"{self._histories:,} histories ({self._histories / cpu:.1f} a second of processor time),"
            f" {self._effects:,} effects: {self._failed} failed{known}"
        )


def _met(what: str) -> str | None:
    """Return what of note a line of a history says: what code logs, and what went wrong."""
    if what.startswith("lost: "):
        return "lost"
    if what.startswith("  "):
        return what.split(maxsplit=2)[1]
    for word in (
        "has crashed",
        "wakes up",
        "answer lost",
        "late",
        "hangs",
        "comes twice",
        "refused: ",
        "goes to another",
    ):
        if word in what:
            return word.strip(": ")
    return None


def _print(played: Played, *, shrink: bool, whole: bool, as_json: bool) -> None:
    from tests.simulation.shrink import shrink as small  # noqa: PLC0415 - as in main
    from tests.simulation.story import lines  # noqa: PLC0415 - as in main

    for line in lines(small(played) if shrink else played, whole=whole):
        click.echo(line, err=as_json)
