"""A seen-set that grows by batches to its full size in one process: its memory, and its pace on the way."""

import argparse
import json
import random
import time
from dataclasses import asdict, dataclass
from statistics import median
from typing import Final

import polars as pl

from stream_worker.judging.digits import NONCE
from stream_worker.judging.seen import Seen
from tests.benchmarks import cores

BATCH: Final = 50_000
_NONCE_BYTES: Final = 16
_MEGABYTE: Final = 1_000_000


@dataclass(frozen=True, slots=True)
class Pace:
    """What a batch took, in milliseconds of processor time, over the batches before the set had `size`."""

    size: int
    lookup: float
    add: float
    longest_add: float


@dataclass(frozen=True, slots=True)
class Growth:
    """Megabytes resident: at most, and of those what the process had before the first nonce."""

    peak: float
    before: float
    paces: list[Pace]


def grow(sizes: list[int], batch: int = BATCH) -> Growth:
    """Look up and add a batch at a time; say the pace at each of `sizes`, the memory at the last one."""
    seen, rng = Seen(), random.Random(1)
    before = cores.peak_memory() / _MEGABYTE
    paces: list[Pace] = []
    for size in sizes:
        times: list[tuple[float, float]] = []
        while len(seen) < size:
            times.append(_step(seen, _random(rng, batch)))
        lookups, adds = zip(*times[-(1_000_000 // batch) :], strict=True)
        paces.append(Pace(len(seen), median(lookups), sum(adds) / len(adds), max(adds)))
    return Growth(cores.peak_memory() / _MEGABYTE, before, paces)


def _step(seen: Seen, nonces: pl.Series) -> tuple[float, float]:
    started = time.process_time()
    known = seen.contains(nonces)
    looked_up = time.process_time()
    seen.add(nonces.filter(~known))
    return (looked_up - started) * 1000, (time.process_time() - looked_up) * 1000


def _random(rng: random.Random, number: int) -> pl.Series:
    drawn = rng.randbytes(number * _NONCE_BYTES)
    pieces = [drawn[start : start + _NONCE_BYTES] for start in range(0, len(drawn), _NONCE_BYTES)]
    return pl.Series(pieces, dtype=pl.Binary()).bin.reinterpret(dtype=NONCE, endianness="big")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("sizes", type=int, nargs="+")
    print(json.dumps(asdict(grow(parser.parse_args().sizes))))  # noqa: T201 - for who started it
