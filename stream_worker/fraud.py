"""Fraud that a single report gives away: named rules, each a Polars expression with a version and a reason.

The expressions read the columns of a decoded report and `nonce`, the stack_id as a 128-bit number. A rule may
call a genuine report forged less than once in 10^10; the reasons give the figures. What only a whole day
shows (floods, sequences) is not judged here.
"""

from dataclasses import dataclass
from typing import Final

import polars as pl

from schemas.tables import COUNTER_COLUMNS
from stream_worker.seen import NONCE


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule that is broken where `broken` is true."""

    name: str
    version: int
    reason: str
    broken: pl.Expr


def _each_digit(digit: int) -> pl.Expr:
    return pl.lit(int(f"{digit:x}" * 32, 16), dtype=NONCE)


def _shifted(number: pl.Expr, bits: int) -> pl.Expr:
    return number // pl.lit(1 << bits, dtype=NONCE)


def _zero_digits(number: pl.Expr, among: int) -> pl.Expr:
    """Count the zeros among the lowest `among` hexadecimal digits of a 128-bit number."""
    pairs = number | _shifted(number, 1)
    nonzero = (pairs | _shifted(pairs, 2)) & pl.lit(int("1" * among, 16), dtype=NONCE)
    return among - nonzero.bitwise_count_ones().cast(pl.Int64)


def _differences(number: pl.Expr, distance: int) -> pl.Expr:
    """Put in each hexadecimal digit's place the digit `distance` to its left minus the digit, modulo 16."""
    high, left = _each_digit(8), _shifted(number, 4 * distance)
    borrowless = (left | high) - (number & ~high)
    return borrowless ^ ((left ^ ~number) & high)


def repeats(nonce: pl.Expr, distance: int) -> pl.Expr:
    """Count the digits that stand again `distance` digits further on: 32 - distance places."""
    return _zero_digits(nonce ^ _shifted(nonce, 4 * distance), 32 - distance)


def steady_steps(nonce: pl.Expr, distance: int) -> pl.Expr:
    """Count the digits, of 32 - 2 * distance, that go on as they went: 1234 at distance 1, 1a2b3c at 2."""
    steps = _differences(nonce, distance)
    return _zero_digits(_differences(steps, distance), 32 - 2 * distance)


_NONCE: Final = pl.col("nonce")

# semver.org, "Is there a suggested regular expression", without its named groups.
_SEMANTIC_VERSION: Final = (
    r"^(0|[1-9][0-9]*)\.(0|[1-9][0-9]*)\.(0|[1-9][0-9]*)"
    r"(-((0|[1-9][0-9]*|[0-9]*[a-zA-Z-][0-9a-zA-Z-]*)(\.(0|[1-9][0-9]*|[0-9]*[a-zA-Z-][0-9a-zA-Z-]*))*))?"
    r"(\+([0-9a-zA-Z-]+(\.[0-9a-zA-Z-]+)*))?$"
)

REPEATS_LEAST: Final = 14
STEADY_STEPS_LEAST: Final = 15
CALLS_A_DAY_MOST: Final = 10**10

RULES: Final = (
    Rule(
        "nonce_repeats",
        1,
        "Random digits agree with those 8 places on in 14 of 24 places once in 7 * 10^10 nonces.",
        repeats(_NONCE, 8) >= REPEATS_LEAST,
    ),
    Rule(
        "nonce_steps",
        1,
        "Random digits keep their step (1234, 1a2b3c) in 15 of 30 or 28 places once in 10^10 nonces.",
        (steady_steps(_NONCE, 1) >= STEADY_STEPS_LEAST) | (steady_steps(_NONCE, 2) >= STEADY_STEPS_LEAST),
    ),
    Rule(
        "counters_impossible",
        1,
        "10^10 calls a day are 115,000 a second without a pause: more than one deployment can serve.",
        pl.max_horizontal(COUNTER_COLUMNS) > CALLS_A_DAY_MOST,
    ),
    Rule(
        "version_not_semantic",
        1,
        "Releases carry semantic versions (semver.org, 2.0.0), so a client that runs one reports one.",
        ~pl.col("version").str.contains(_SEMANTIC_VERSION),
    ),
)

FIRST_BROKEN: Final = pl.coalesce(
    [pl.when(rule.broken).then(pl.lit(rule.name)) for rule in RULES] + [pl.lit(None, dtype=pl.String)]
)
"""The name of the first rule that a report breaks, or null."""

REASONS: Final = {rule.name: f"{rule.name} v{rule.version}: {rule.reason}" for rule in RULES}
