"""Nonces of a day that agree more often than random ones: on some of their digits, or on being regular.

Nonces are random by protocol, so the expected numbers are known exactly. Digits 12 to 16 (counted from 0) do
not count as random: UUIDs have their version and variant there, and some versions the time.
"""

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

import polars as pl

from stream_worker.judging import digits
from stream_worker.judging.day_rules.finding import Finding
from stream_worker.judging.thresholds import Thresholds

_HALF: Final = pl.Series([1 << 64], dtype=pl.UInt128)
_HALF_DIGITS: Final = 16
_NEVER: Final = 1 << 62


@dataclass(frozen=True, slots=True)
class Window:
    """`length` digits of one half of a nonce (0: high), from its digit `first` on; `bits` are random."""

    half: int
    first: int
    length: int
    bits: int

    def of(self, halves: tuple[pl.Series, pl.Series]) -> pl.Series:
        """Return these digits of each nonce as a number."""
        right = 4 * (_HALF_DIGITS - self.first - self.length)
        return halves[self.half] // (1 << right) % (1 << 4 * self.length)


def _windows() -> Iterator[Window]:
    for length, step in ((12, 4), (8, 4), (6, 2), (4, 4)):
        for half, fixed in enumerate(({12, 13, 14, 15}, {0})):
            for first in range(0, _HALF_DIGITS - length + 1, step):
                bits = 4 * (length - len(fixed & set(range(first, first + length))))
                if bits >= 16:  # noqa: PLR2004 - fewer bits are shared by chance all the time
                    yield Window(half, first, length, bits)


WINDOWS: Final = tuple(_windows())


def halves(nonces: pl.Series) -> tuple[pl.Series, pl.Series]:
    """Return the high and the low 64 bits of each nonce."""
    return (nonces // _HALF).cast(pl.UInt64), (nonces % _HALF).cast(pl.UInt64)


@dataclass(frozen=True, slots=True)
class SharedDigits(Finding):
    """For each window, the values that too many of the day's nonces have there."""

    values: dict[Window, pl.Series]

    def __len__(self) -> int:
        return sum(map(len, self.values.values()))

    def broken(self, reports: pl.DataFrame) -> pl.Series:
        """Return for each report whether its nonce has one of these values."""
        split = halves(reports["nonce"])
        found = pl.repeat(value=False, n=len(reports), eager=True)
        for window, values in self.values.items():
            found |= window.of(split).is_in(values.implode())
        return found


def shared_digits(sample: pl.DataFrame, thresholds: Thresholds) -> SharedDigits:
    """Find the values that more nonces share than a random day ever has."""
    rest, found = sample.select("nonce"), dict[Window, pl.Series]()
    for window in WINDOWS:
        least = least_beyond_chance(len(sample) * 2.0**-window.bits, window.bits * math.log(2), thresholds)
        values = window.of(halves(rest["nonce"])).alias("value")
        counts = values.to_frame().group_by("value").len().filter(pl.col("len") >= least)
        if not counts.is_empty():
            found[window] = counts["value"].sort()
            # A shorter window would add the few honest nonces that agree with these in fewer digits.
            rest = rest.filter(~values.is_in(found[window].implode()))
    return SharedDigits(found)


def least_beyond_chance(expected: float, log_cases: float, thresholds: Thresholds) -> int:
    """Return the least count that chance does not explain if `expected` are expected.

    It is great enough that the expected ones among them do not spoil the rule's precision, and that
    Chernoff's bound on a Poisson tail, over exp(`log_cases`) cases, is below the chance allowed.
    """
    least = max(thresholds.nonces_alike_least, math.ceil(expected * thresholds.excess_least))
    while expected and log_cases - expected + least * (1 + math.log(expected / least)) > math.log(
        thresholds.chance_most
    ):
        least += 1
    return least


def _decimals(nonces: pl.Series) -> pl.Series:
    """Count the digits from 0 to 9."""
    ones = 0x1111111111111111
    count = pl.zeros(len(nonces), dtype=pl.Int64, eager=True)
    for half in halves(nonces):
        letters = (half // 8) & ((half // 4) | (half // 2)) & pl.Series([ones], dtype=pl.UInt64)
        count += letters.to_frame("n").select(pl.col("n").bitwise_count_ones().cast(pl.Int64)).to_series()
    return digits_in_all() - count


def digits_in_all() -> int:
    """Return how many digits a nonce has."""
    return 2 * _HALF_DIGITS


def _commonest(nonces: pl.Series) -> pl.Series:
    """Count how often each nonce has its commonest digit."""
    counts = []
    for digit in range(16):
        total = pl.zeros(len(nonces), dtype=pl.Int64, eager=True)
        for half in halves(nonces):
            other = half ^ pl.Series([digit * 0x1111111111111111], dtype=pl.UInt64)
            other = other | (other // 2)
            other = (other | (other // 4)) & pl.Series([0x1111111111111111], dtype=pl.UInt64)
            total += other.to_frame("n").select(pl.col("n").bitwise_count_ones().cast(pl.Int64)).to_series()
        counts.append((digits_in_all() - total).alias(str(digit)))
    return pl.DataFrame(counts).max_horizontal()


@dataclass(frozen=True, slots=True)
class Regularity:
    """A count of a nonce's regular digits: each of `places` is regular by this chance, in each of `cases`."""

    count: Callable[[pl.Series], pl.Series]
    places: int
    chance: float
    cases: int = 1
    fixed: int = 0

    def expected(self, nonces: int, least: int) -> float:
        """Return the most of so many random nonces that are expected to count `least` or more."""
        tail = sum(
            math.comb(self.places, n) * self.chance**n * (1 - self.chance) ** (self.places - n)
            for n in range(max(0, least - self.fixed), self.places + 1)
        )
        return nonces * self.cases * tail


def _repeats(distance: int) -> Regularity:
    return Regularity(lambda nonces: digits.repeats(nonces, distance), 32 - distance, 1 / 16)


REGULARITIES: Final = {
    "decimal": Regularity(_decimals, 30, 10 / 16, fixed=2),
    "commonest": Regularity(_commonest, 30, 1 / 16, cases=16, fixed=2),
    **{f"repeats at {distance}": _repeats(distance) for distance in (1, 2, 3, 4, 5, 6, 8, 12, 16)},
}
"""Kinds of regularity that made-up nonces have. Fixed digits (version, variant) count, to be safe."""


@dataclass(frozen=True, slots=True)
class Regular(Finding):
    """For each regularity that too many nonces have, the least count that was too many."""

    least: dict[str, int]

    def __len__(self) -> int:
        return len(self.least)

    def broken(self, reports: pl.DataFrame) -> pl.Series:
        """Return for each report whether its nonce is as regular as that."""
        found = pl.repeat(value=False, n=len(reports), eager=True)
        for name, least in self.least.items():
            found |= REGULARITIES[name].count(reports["nonce"]) >= least
        return found


def regular(sample: pl.DataFrame, thresholds: Thresholds) -> Regular:
    """Find the counts of regular digits that more nonces reach than a random day ever has."""
    found: dict[str, int] = {}
    log_cases = math.log(32 * len(REGULARITIES))
    for name, regularity in REGULARITIES.items():
        counts = (
            regularity.count(sample["nonce"]).value_counts(name="nonces").sort(pl.nth(0), descending=True)
        )
        reached = 0
        for count, nonces in counts.iter_rows():
            reached += nonces
            expected = regularity.expected(len(sample), count)
            if expected * thresholds.excess_least > len(sample):
                break
            if reached >= least_beyond_chance(expected, log_cases, thresholds):
                found[name] = count
    return Regular(found)
