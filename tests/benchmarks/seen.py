"""The seen-set: what ten million nonces take in memory, and a batch in time."""

from typing import Final

from tests.benchmarks import fresh, seen_growth
from tests.benchmarks.figure import Figure, Result, Tick, at_most
from tests.benchmarks.seen_growth import Growth, Pace
from tests.benchmarks.worker import ONE_THREAD

MEASUREMENTS: Final = {"seen-set": ("seen_growth", "1000000", "10000000")}
"""What a round measures: the sizes at which the pace is taken, the last one for the memory."""


def measure(_seconds: float, rounds: int, tick: Tick) -> Result:
    """Let the set grow in a fresh process each round."""
    grown: list[Growth] = []
    for _ in range(rounds):
        for name, (module, *sizes) in MEASUREMENTS.items():
            tick(name)
            measured = fresh.measure(module, *sizes, variables=ONE_THREAD)
            paces = [Pace(**pace) for pace in measured["paces"]]
            grown.append(Growth(measured["peak"], measured["before"], paces))
    pace = [figure for place in range(len(grown[0].paces)) for figure in _paces(grown, place)]
    memory = [
        Figure("seen-set of 10 million, whole process", "MB", [one.peak for one in grown], at_most(400)),
        Figure("  of this before the first nonce", "MB", [one.before for one in grown]),
    ]
    note = (
        "Seen-set: the most memory that a fresh process had resident. For a batch of "
        f"{seen_growth.BATCH:,}, the processor time on core 0 over the million before: lookup the median, "
        "add the mean and, as it merges now and then, the longest."
    )
    return Result(memory + pace, [note])


def _paces(grown: list[Growth], place: int) -> list[Figure]:
    paces = [one.paces[place] for one in grown]
    size = f"{paces[0].size / 1_000_000:g} million"
    return [
        Figure(f"  lookup of a batch at {size}", "ms", [pace.lookup for pace in paces]),
        Figure(f"  add of a batch at {size}", "ms", [pace.add for pace in paces]),
        Figure(f"  longest add at {size}", "ms", [pace.longest_add for pace in paces]),
    ]
