"""Plays seeds, in this process or in several, and gives what became of each, in the order of the seeds.

With several, each plays every so-manieth seed and prints what became of it as a line of JSON: the lines are
read in turn, which is the order of the seeds.
"""

from __future__ import annotations

import gc
import json
import subprocess
import sys
import time
from dataclasses import asdict, dataclass
from itertools import cycle
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator

    from tests.simulation.game import Played

_FEW: Final = 8
"""So many seeds are not worth a second process, which has to import everything first."""

_MET: Final = (
    "has crashed",
    "wakes up",
    "answer lost",
    "late",
    "hangs",
    "comes twice",
    "refused: ",
    "goes to another",
)


@dataclass(frozen=True, slots=True)
class Became:
    """What became of a seed: how many effects, what it met, seconds of processor time.

    `invariant` is the name of the one that does not hold, if any, and `violation` says what does not.
    """

    seed: int
    effects: int
    met: list[str]
    seconds: float
    invariant: str | None
    violation: str | None

    @property
    def line(self) -> str:
        """Return it as a line of JSON."""
        return json.dumps(asdict(self))


@dataclass(frozen=True, slots=True)
class Code:
    """What is played: `exact` with real Parquet and rules, or with a mutation."""

    exact: bool = False
    mutation: str | None = None

    @property
    def options(self) -> list[str]:
        """The options of the command that play it."""
        mutation = [] if self.mutation is None else ["--mutation", self.mutation]
        return [*(["--exact"] if self.exact else []), *mutation]

    def put_in_place(self) -> None:
        """Import the worker's code as it is to be played; to be called once in a process, before any play."""
        from tests.simulation.mutations import apply  # noqa: PLC0415 - as below

        if self.mutation is not None:
            apply(self.mutation)
        from tests.simulation import game, stand_ins  # noqa: F401, PLC0415 - a mutation comes before what it changes

        stand_ins.install(exact=self.exact)
        gc.collect()
        gc.freeze()
        gc.set_threshold(100_000, 20, 100)  # a history is short, and is gone when it is over


def play_all(seeds: range, code: Code, jobs: int, seconds: float | None) -> Generator[Became]:
    """Play seeds with so many processes, for so many seconds at the longest."""
    if jobs == 1 or len(seeds) <= _FEW:
        yield from _play(seeds, seconds)
        return
    players = [_start(seeds[number::jobs], code, seconds) for number in range(jobs)]
    try:
        for player, _ in zip(cycle(players), seeds, strict=False):
            line = player.stdout.readline() if player.stdout is not None else ""
            if not line and seconds is None:
                raise RuntimeError(f"a process that plays seeds has ended with status {player.wait()}")
            if line:
                yield Became(**json.loads(line))
    finally:
        for player in players:
            player.kill()
            player.wait()


def replay(seed: int) -> Played:
    """Play a seed in this process and return all that happens."""
    from tests.simulation.game import play  # noqa: PLC0415 - as above
    from tests.simulation.plan import make  # noqa: PLC0415 - as above

    return play(make(seed))


def _start(seeds: range, code: Code, seconds: float | None) -> subprocess.Popen[str]:
    told = f"{seeds.start}:{seeds.stop}:{seeds.step}"
    options = ["--seeds", told, "--jobs", "1", "--lines", *code.options]
    if seconds is not None:
        options += ["--seconds", str(seconds)]
    return subprocess.Popen(
        [sys.executable, "-m", "tests.simulation", *options], stdout=subprocess.PIPE, text=True
    )


def _play(seeds: range, seconds: float | None) -> Iterator[Became]:
    begun = time.monotonic()
    for seed in seeds:
        if seconds is not None and time.monotonic() - begun > seconds:
            return
        yield _became(seed)


def _became(seed: int) -> Became:
    begun = time.process_time()
    played = replay(seed)
    met = sorted({met for _, _, what in played.history if (met := _met(what))})
    seconds, found = time.process_time() - begun, played.violation
    if found is None:
        return Became(seed, played.effects, met, seconds, None, None)
    return Became(seed, played.effects, met, seconds, found.invariant, str(found))


def _met(what: str) -> str | None:
    """Return what of note a line of a history says: what code logs, and what went wrong."""
    if what.startswith("lost: "):
        return "lost"
    if what.startswith("  "):
        return what.split(maxsplit=2)[1]
    return next((word.strip(": ") for word in _MET if word in what), None)
