"""The six counters of a report as a payload: its information, and its place among the others."""

from typing import Final

import polars as pl

from schemas.tables import COUNTER_COLUMNS

_SIGNIFICANT_DIGIT: Final = 3.33  # bits
_ROUND: Final = 1.0  # bits that say how many zeros follow

_MULTIPLIER: Final = pl.Series([0xBF58476D1CE4E5B9], dtype=pl.UInt64)
_INCREMENT: Final = pl.Series([0x9E3779B97F4A7C15], dtype=pl.UInt64)


def logarithms(counters: tuple[str, ...] = COUNTER_COLUMNS) -> list[pl.Expr]:
    """Return log2(1 + counter) for each counter: a doubling is 1, however busy the deployment."""
    return [(pl.col(name) + 1).cast(pl.Float64).log(2).cast(pl.Float32).alias(name) for name in counters]


def bits(counters: tuple[str, ...] = COUNTER_COLUMNS) -> pl.Expr:
    """Return how many bits it takes to write the counters: few for small ones, none for zeros."""
    return pl.sum_horizontal(logarithms(counters)).cast(pl.Float64)


def informative(counters: tuple[str, ...], bits_least: float, calls_least: int) -> pl.Expr:
    """Return whether a payload is more than a trial or a tutorial makes: many bits, or many calls."""
    return (bits(counters) > bits_least) | (pl.sum_horizontal(counters) > calls_least)


def own_bits(counters: tuple[str, ...] = COUNTER_COLUMNS) -> pl.Expr:
    """Return how many bits it takes if 1000 is written as a 1 and zeros, and equal counters once."""
    own = []
    for place, name in enumerate(counters):
        repeated = [pl.col(name) == pl.col(before) for before in counters[:place]]
        again = pl.any_horizontal(*repeated, pl.lit(value=False))
        own.append(pl.when(again).then(0.0).otherwise(_round_bits(name)))
    return pl.sum_horizontal(own)


def _round_bits(name: str) -> pl.Expr:
    plain, count = (pl.col(name) + 1).cast(pl.Float64).log(2), pl.col(name)
    exact = [(count > 0) & (count % 10**zeros == 0) for zeros in range(1, 10)]
    trailing = pl.sum_horizontal([one.cast(pl.Int32) for one in exact])
    length = (pl.col(name) + 1).cast(pl.Float64).log(10).ceil()
    return pl.min_horizontal(plain, (length - trailing) * _SIGNIFICANT_DIGIT + _ROUND)


def keys(reports: pl.DataFrame, columns: list[pl.Expr]) -> pl.Series:
    """Return one number of 64 bits for several integers, the same in every process (SplitMix64's finish)."""
    # UInt64 arithmetic wraps around. Series and not expressions: each step's result is used twice.
    keys = pl.zeros(len(reports), dtype=pl.UInt64, eager=True)
    for column in reports.select(columns):
        words = (keys ^ column.cast(pl.Int64).reinterpret(signed=False)) * _MULTIPLIER + _INCREMENT
        words = (words ^ (words // (1 << 29))) * _MULTIPLIER
        keys = words ^ (words // (1 << 32))
    return keys.alias("key")
