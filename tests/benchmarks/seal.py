"""The seal: time, memory and bytes a row of days of several sizes, and the pace of a replay from the lake."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Final

from tests.benchmarks import fresh
from tests.benchmarks.figure import Figure, Result, at_most
from tests.benchmarks.seal_run import Measured

if TYPE_CHECKING:
    from tests.benchmarks.figure import Tick

SIZES: Final = (100_000, 1_000_000, 10_000_000, 100_000_000)
LARGEST: Final = 10_000_000
"""The largest that is measured unless more is asked for: a day of 10^8 takes a quarter of an hour to make."""

_REPLAYED: Final = 1_000_000
_MEMORY: Final = 4_000.0
_OVER_ENTROPY: Final = 1.4


def measurements(largest: int) -> dict[str, int]:
    """Return the sizes of the days up to `largest` reports, by name."""
    return {f"seal {size:,}": size for size in SIZES if size <= largest}


def measure(_seconds: float, rounds: int, tick: Tick, largest: int = LARGEST) -> Result:
    """Make each day, seal it in a fresh process with both cores, and replay one of them."""
    figures: list[Figure] = []
    for name, size in measurements(largest).items():
        sealed: list[Measured] = []
        replayed: list[float] = []
        for _ in range(rounds if size <= _REPLAYED else 1):
            tick(name)
            with TemporaryDirectory(prefix="seal-benchmark-") as folder:
                fresh.measure("committed_day", str(Path(folder) / "lake"), str(size), core=None)
                sealed.append(Measured(**fresh.measure("seal_run", folder, core=None)))
                if size == _REPLAYED:
                    done = fresh.measure("replay_run", folder)
                    replayed.append(done["records"] / done["seconds"])
        figures += _figures(size, sealed)
        if replayed:
            figures.append(Figure("replay from the lake, one core", "records/s", replayed))
    return Result(figures, [_NOTE])


def _figures(size: int, sealed: list[Measured]) -> list[Figure]:
    return [
        Figure(f"seal of {size:,} reports", "s", [one.seconds for one in sealed]),
        Figure("  processor time", "s", [one.processor_seconds for one in sealed]),
        Figure("  most memory", "MB", [one.peak for one in sealed], at_most(_MEMORY)),
        Figure("  files", "", [one.parts for one in sealed]),
        Figure("  a sealed row", "bytes", [one.bytes for one in sealed]),
        Figure(
            "  beside its entropy",
            "x",
            [one.bytes / one.entropy for one in sealed],
            at_most(_OVER_ENTROPY),
        ),
    ]


_NOTE: Final = (
    "Seal: building the run from segments in a folder, both cores, a fresh process, the study of the day for "
    "fraud included. Entropy: 16 bytes for the nonce, the arrival's millisecond, the record's place on its "
    "shard, and of the other columns what each has by itself. Days above a million are sealed once."
)
