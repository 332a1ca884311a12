"""Payloads of a day that came again under another nonce: copies of many honest ones.

A copy is made from what was seen, so it comes later; but of one pair it cannot be known which is the copy. So
all pairs of the day are examined together, and the later ones are rejected only if they come later in the day
than the later of two honest ones would. If copies come at any time, nothing is rejected.
"""

import math
from dataclasses import dataclass
from typing import Final

import polars as pl

from schemas.tables import COUNTER_COLUMNS
from stream_worker.judging.day_rules import payloads
from stream_worker.judging.day_rules.finding import Finding
from stream_worker.judging.thresholds import Thresholds

_COUNTERS: Final = [pl.col(name) for name in COUNTER_COLUMNS]
_DEVIATIONS: Final = 6  # standard deviations that chance does not reach
_LATER_LEAST: Final = 0.04  # of a day, so much later than chance
_BITS: Final = 6  # more bits, at which pairs by chance disappear
_BITS_MOST: Final = 60
_SAME: Final = 1.2
_SLACK: Final = 0.03  # of the payloads: how far two bands of bits differ by chance


@dataclass(frozen=True, slots=True)
class Pairs(Finding):
    """The keys of payloads that came again, with nonce and arrival of the first."""

    first: pl.DataFrame

    def __len__(self) -> int:
        return len(self.first)

    def broken(self, reports: pl.DataFrame) -> pl.Series:
        """Return for each report whether its payload came before."""
        keyed = reports.select("nonce", "arrived_at", payloads.keys(reports, _COUNTERS))
        joined = keyed.join(self.first, on="key", how="left", maintain_order="left", suffix="_first")
        later = (pl.col("nonce") != pl.col("nonce_first")) & (
            pl.col("arrived_at") >= pl.col("arrived_at_first")
        )
        return joined.select(later.fill_null(value=False)).to_series()


def pairs(sample: pl.DataFrame, thresholds: Thresholds) -> Pairs:
    """Find the payloads that came again, if copies made of what was seen explain it and chance does not."""
    informative = _informative(sample, thresholds)
    least = thresholds.pairs_bits_least
    while _again(informative, least, least + _BITS) > _SLACK + _SAME * _again(
        informative, least + _BITS, math.inf
    ):
        least += _BITS
        if least > _BITS_MOST:
            return Pairs(_firsts(informative.clear()))
    informative = informative.filter(pl.col("bits") >= least)
    groups = _firsts(informative)
    enough = max(thresholds.pairs_least, thresholds.pairs_share_least * len(informative))
    return Pairs(
        groups.select("key", "nonce", "arrived_at")
        if len(groups) >= enough and _later(groups)
        else groups.clear()
    )


def _informative(sample: pl.DataFrame, thresholds: Thresholds) -> pl.DataFrame:
    """Return the informative payloads: `key`, `bits`, `times`, and `moment`, the part of the day before."""
    keyed = sample.select("nonce", "arrived_at", payloads.keys(sample, _COUNTERS), bits=payloads.own_bits())
    informative = keyed.filter(pl.col("bits") >= thresholds.pairs_bits_least)
    return informative.with_columns(
        moment=pl.col("arrived_at").rank("average") / (pl.len() + 1), times=pl.len().over("key")
    )


def _again(informative: pl.DataFrame, least: float, most: float) -> float:
    """Return the part of these payloads that came again; with more bits chance repeats fewer."""
    some = informative.filter(pl.col("bits") >= least, pl.col("bits") < most)
    return len(some.filter(pl.col("times") > 1)) / len(some) if len(some) else 0.0


def _firsts(informative: pl.DataFrame) -> pl.DataFrame:
    repeated = informative.filter(pl.col("times") > 1).sort("arrived_at", "nonce")
    return (
        repeated.group_by("key", maintain_order=True)
        .agg(pl.col("nonce", "arrived_at").first(), pl.col("moment").mean())
        .sort("key")
    )


def _later(groups: pl.DataFrame) -> bool:
    """Return whether the groups are later in the day than those of reports that come at any time."""
    mean = groups["moment"].mean()
    deviation = math.sqrt(1 / 24 / len(groups))  # of the mean of two uniform moments, and of many such
    return isinstance(mean, float) and mean - 1 / 2 > max(_LATER_LEAST, _DEVIATIONS * deviation)
