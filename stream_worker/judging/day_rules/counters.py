"""Counters of a day that cannot belong together, or lie far beyond the fleet's own tail."""

from dataclasses import dataclass
from typing import Final

import polars as pl

from schemas.tables import COUNTER_COLUMNS
from stream_worker.judging.day_rules.finding import Finding
from stream_worker.judging.thresholds import Thresholds

_SMALL: Final = 1_000  # calls: fewer say nothing of how often calls fail
_WINDOW: Final = 100  # how far down the tail is examined: two orders of magnitude
_TOKENS: Final = COUNTER_COLUMNS[:4]
_GRANTS: Final = COUNTER_COLUMNS[4]


@dataclass(frozen=True, slots=True)
class Contradictions(Finding):
    """From how many calls on contradictory counters are forged; None: small deployments have them too."""

    calls_least: int | None
    ratio: int
    calls_a_day_most: int

    def __len__(self) -> int:
        return int(self.calls_least is not None)

    @property
    def applies(self) -> bool:
        """Always: the limit of all calls together needs no evidence."""
        return True

    def broken(self, reports: pl.DataFrame) -> pl.Series:
        """Return for each report whether its counters cannot be one deployment's day."""
        broken = pl.sum_horizontal(COUNTER_COLUMNS) > self.calls_a_day_most
        if self.calls_least is not None:
            broken |= _contradictory(self.calls_least, self.ratio)
        return reports.select(broken=broken).to_series()


def contradictions(sample: pl.DataFrame, thresholds: Thresholds) -> Contradictions:
    """Count how often all calls of one kind fail on small deployments, or grants are made for nothing.

    If this happens to small ones, it may happen to great ones; otherwise great ones of this sort are made up.
    """
    least, ratio = thresholds.contradiction_calls_least, thresholds.contradiction_ratio_least
    calls = pl.sum_horizontal(COUNTER_COLUMNS)
    small = calls.is_between(_SMALL, least - 1)
    asked = sample.select(
        small=small.sum(),
        small_broken=(small & _contradictory(_SMALL, ratio)).sum(),
        great=(calls >= least).sum(),
        great_broken=_contradictory(least, ratio).sum(),
    ).row(0, named=True)
    honest = (asked["great"] - asked["great_broken"]) * (asked["small_broken"] + 1) / (asked["small"] + 1)
    made_up = asked["great_broken"] > 0 and asked["great_broken"] >= honest * thresholds.contradiction_excess
    return Contradictions(least if made_up else None, ratio, thresholds.calls_a_day_most)


def _contradictory(least: int, ratio: int) -> pl.Expr:
    failing = [
        (pl.col(failures) >= least) & (pl.col(failures) > pl.col(successes) * ratio)
        for successes, failures in zip(COUNTER_COLUMNS[::2], COUNTER_COLUMNS[1::2], strict=True)
    ]
    for_nothing = (pl.col(_GRANTS) >= least) & (pl.sum_horizontal(_TOKENS) * ratio < pl.col(_GRANTS))
    return pl.any_horizontal(*failing, for_nothing)


@dataclass(frozen=True, slots=True)
class Tails(Finding):
    """For each counter, the value from which on the day has more reports than a tail can have."""

    least: dict[str, int]

    def __len__(self) -> int:
        return len(self.least)

    def broken(self, reports: pl.DataFrame) -> pl.Series:
        """Return for each report whether one of its counters is so far out."""
        beyond = [pl.col(name) >= least for name, least in self.least.items()]
        return reports.select(broken=pl.any_horizontal(*beyond, pl.lit(value=False))).to_series()


def tails(sample: pl.DataFrame, thresholds: Thresholds) -> Tails:
    """Find where a counter's tail grows: of honest deployments, fewer make ten times as many calls."""
    found: dict[str, int] = {}
    for name in COUNTER_COLUMNS:
        great = sample[name].filter(sample[name] * _WINDOW >= thresholds.tail_least).sort()
        least = thresholds.tail_least
        while least < thresholds.calls_a_day_most:
            before, beyond = (int(great.search_sorted(value)) for value in (least // _WINDOW, least))
            reports, around = len(great) - beyond, beyond - before
            if reports >= max(thresholds.tail_reports_least, thresholds.tail_excess * around):
                found[name] = least
                break
            least *= 2
    return Tails(found)
