"""Repeatable random columns: SplitMix64 over row numbers, a million draws in a few Polars expressions."""

from __future__ import annotations

import math
import uuid
from typing import TYPE_CHECKING, Final

import polars as pl

if TYPE_CHECKING:
    from collections.abc import Mapping

_GOLDEN: Final = 0x9E3779B97F4A7C15
_WORD: Final = 1 << 64
_MANTISSA: Final = 1 << 53


class Draws:
    """Columns of `rows` random values; the same for the same seed and the same order of calls."""

    def __init__(self, rows: int, seed: int) -> None:
        self.rows = rows
        self._state = _mixed(seed * _GOLDEN % _WORD)

    def words(self) -> pl.Series:
        """Return 64 random bits for each row, as UInt64."""
        self._state = _mixed((self._state + _GOLDEN) % _WORD)
        rows = pl.int_range(self.rows, dtype=pl.UInt64)
        # UInt64 arithmetic wraps around, as SplitMix64 requires.
        word = pl.lit(self._state, dtype=pl.UInt64) + rows * pl.lit(_GOLDEN, dtype=pl.UInt64)
        for shift, factor in ((30, 0xBF58476D1CE4E5B9), (27, 0x94D049BB133111EB)):
            word = (word ^ (word // (1 << shift))) * pl.lit(factor, dtype=pl.UInt64)
        return pl.select(word=word ^ (word // (1 << 31))).to_series()

    def uniform(self) -> pl.Series:
        """Return values of [0, 1)."""
        return (self.words() // (_WORD // _MANTISSA)).cast(pl.Float64) / _MANTISSA

    def integers(self, least: int, most: int) -> pl.Series:
        """Return integers from `least` to `most`, both included."""
        return (self.uniform() * (most - least + 1)).floor().cast(pl.Int64) + least

    def normal(self) -> pl.Series:
        """Return values of the standard normal distribution (Box and Muller)."""
        radius = (-2 * (1 - self.uniform()).log()).sqrt()
        return radius * (2 * math.pi * self.uniform()).cos()

    def lognormal(self, mean: float, deviation: float) -> pl.Series:
        """Return values whose natural logarithm is normal."""
        return (self.normal() * deviation + mean).exp()

    def pareto(self, shape: float) -> pl.Series:
        """Return values from 1 up, of which x ** -shape are greater than x."""
        return (1 - self.uniform()) ** (-1 / shape)

    def poisson(self, mean: pl.Series) -> pl.Series:
        """Return counts that scatter around `mean` as a Poisson distribution does, nearly."""
        scattered = mean + mean.sqrt() * self.normal()
        seldom = (self.uniform() < mean).cast(pl.Float64)
        return _counts(pl.select(pl.when(mean < 1).then(seldom).otherwise(scattered)).to_series())

    def choice(self, weights: Mapping[str, float]) -> pl.Series:
        """Return names as often as their weights say."""
        uniform, total, passed = self.uniform(), sum(weights.values()), 0.0
        chosen = pl.lit(None, dtype=pl.String)
        for name, weight in reversed(list(weights.items())):
            passed += weight / total
            chosen = pl.when(uniform >= 1 - passed).then(chosen.fill_null(pl.lit(name))).otherwise(chosen)
        return pl.select(chosen.fill_null(pl.lit(next(iter(weights))))).to_series()

    def nonces(self) -> pl.Series:
        """Return random UUIDs of version 4 as 128-bit numbers."""
        high = (self.words() & pl.Series([0xFFFFFFFFFFFF0FFF], dtype=pl.UInt64)) | 0x4000
        low = (self.words() & pl.Series([0x3FFFFFFFFFFFFFFF], dtype=pl.UInt64)) | (1 << 63)
        return joined(high, low)


def joined(high: pl.Series, low: pl.Series) -> pl.Series:
    """Return 128-bit numbers made of two columns of UInt64."""
    return high.cast(pl.UInt128) * pl.Series([_WORD], dtype=pl.UInt128) + low.cast(pl.UInt128)


def stack_ids(nonces: pl.Series) -> pl.Series:
    """Return 128-bit numbers as lower-case UUIDs."""
    return pl.Series([str(uuid.UUID(int=nonce)) for nonce in nonces], dtype=pl.String)


def _counts(values: pl.Series) -> pl.Series:
    return values.round().clip(0).cast(pl.Int64)


def _mixed(word: int) -> int:
    word = (word ^ (word >> 30)) * 0xBF58476D1CE4E5B9 % _WORD
    word = (word ^ (word >> 27)) * 0x94D049BB133111EB % _WORD
    return word ^ (word >> 31)
