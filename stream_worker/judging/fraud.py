"""Fraud that a single report gives away: named rules, each a Polars expression with a version and a reason.

The expressions read the columns of a report and what `digits` counts in its nonce. A rule may call a
genuine report forged less than once in 10^10; the reasons give the figures. `day_fraud` has the rules for
what only a whole day shows (floods, sequences). The thresholds are in `fraud_thresholds.toml`.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Final

import polars as pl

from schemas.tables import COUNTER_COLUMNS
from stream_worker.judging import digits
from stream_worker.judging.thresholds import THRESHOLDS, Thresholds


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule; a report breaks it if the expression that `broken` makes from the thresholds is true."""

    name: str
    version: int
    reason: str
    broken: Callable[[Thresholds], pl.Expr]

    @property
    def detail(self) -> str:
        """The rule in words, as `rejects.detail` has it."""
        return f"{self.name} v{self.version}: {self.reason}"


REPEAT_DISTANCE: Final = 8
STEP_DISTANCES: Final = (1, 2)

RULES: Final = (
    Rule(
        "nonce_repeats",
        1,
        "Random digits agree with those 8 places on in 14 of 24 places once in 7 * 10^10 nonces.",
        lambda thresholds: pl.col("repeats") >= thresholds.nonce_repeats_least,
    ),
    Rule(
        "nonce_steps",
        1,
        "Random digits keep their step (1234, 1a2b3c) in 15 of 30 or 28 places once in 10^10 nonces.",
        lambda thresholds: pl.col("steady_steps") >= thresholds.nonce_steady_steps_least,
    ),
    Rule(
        "counters_impossible",
        1,
        "10^10 calls a day are 115,000 a second without a pause: more than one deployment can serve.",
        lambda thresholds: pl.max_horizontal(COUNTER_COLUMNS) > thresholds.calls_a_day_most,
    ),
)


@cache
def _first_broken(thresholds: Thresholds, rules: tuple[Rule, ...]) -> pl.Expr:
    broken = [pl.when(rule.broken(thresholds)).then(pl.lit(rule.name)) for rule in rules]
    return pl.coalesce([*broken, pl.lit(None, dtype=pl.String)])


def first_broken(
    reports: pl.DataFrame, thresholds: Thresholds = THRESHOLDS, rules: tuple[Rule, ...] = RULES
) -> pl.Series:
    """Return for each report the name of the first rule that it breaks, or null."""
    nonces = reports["nonce"]
    steady = (digits.steady_steps(nonces, distance).alias(str(distance)) for distance in STEP_DISTANCES)
    evidence = reports.with_columns(
        repeats=digits.repeats(nonces, REPEAT_DISTANCE),
        steady_steps=pl.DataFrame(steady).max_horizontal(),
    )
    return evidence.select(rule=_first_broken(thresholds, rules)).to_series()
