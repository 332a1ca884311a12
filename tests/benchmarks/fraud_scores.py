"""How well the day-wide fraud rules do on a labelled day: what they rejected, and what they should have."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import polars as pl

from infra.fleets import attacks, labelled
from stream_worker.judging import day_fraud

AIMED_AT: Final = {
    "nonce_sequence": ("nonces by 1", "nonces by a great step"),
    "nonce_shared_digits": ("nonces with a prefix", "nonces with a suffix", "nonces of time and node"),
    "nonce_regular": ("nonces of decimals", "nonces of two halves"),
    "counters_contradict": ("contradictory counters",),
    "counters_beyond_tail": ("enormous counters",),
    "payload_copied": (
        "one payload",
        "one payload, many versions",
        "ten payloads copied",
        "one counter free",
        "counted up",
    ),
    "payload_clustered": ("jittered by 1 %", "jittered by 10 %", "jittered by 20 %"),
    "payload_paired": ("each payload copied",),
    "version_made_up": ("random versions", "one far version"),
}
"""The attacks that each rule is there for; another rule may find them as well."""

ATTACKS: Final = tuple(name for names in AIMED_AT.values() for name in names)


@dataclass(frozen=True, slots=True)
class Score:
    """Rows: forged ones that were rejected, forged ones that were not, and honest ones that were rejected."""

    found: int = 0
    missed: int = 0
    wronged: int = 0

    def __add__(self, other: Score) -> Score:
        return Score(self.found + other.found, self.missed + other.missed, self.wronged + other.wronged)

    @property
    def precision(self) -> float:
        """Of what was rejected the forged part; 1 where nothing was rejected."""
        rejected = self.found + self.wronged
        return self.found / rejected if rejected else 1.0

    @property
    def recall(self) -> float:
        """Of what was forged the rejected part."""
        forged = self.found + self.missed
        return self.found / forged if forged else 1.0


def fleet(family: str, seed: int, deployments: int) -> pl.DataFrame:
    """Return an honest day of this family, in which a tenth came with a launch."""
    return labelled.reports(labelled.Fleet(deployments, seed, family, newcomers=0.1))


def judged(honest: pl.DataFrame, attack: str, size: int, seed: int) -> pl.DataFrame:
    """Return `label` and `rule` for each row of the day under one attack."""
    day = pl.concat([honest, attacks.forged(attack, honest, size, seed)])
    return day.select("label", rule=day_fraud.first_broken(day, day_fraud.study(day)))


def score(rows: pl.DataFrame) -> Score:
    """Count what any rule found, missed and wronged."""
    forged, rejected = pl.col("label") != labelled.HONEST, pl.col("rule").is_not_null()
    counts = rows.select(
        found=(forged & rejected).sum(), missed=(forged & ~rejected).sum(), wronged=(~forged & rejected).sum()
    )
    return Score(*counts.row(0))


def score_of(rule: str, rows: pl.DataFrame) -> Score:
    """Count what one rule found and wronged, and what it missed of the attacks that it is there for."""
    own = rows.with_columns(rule=pl.when(pl.col("rule") == rule).then(pl.col("rule")))
    scored, aimed = score(own), score(own.filter(pl.col("label").is_in(AIMED_AT[rule])))
    return Score(scored.found, aimed.missed, scored.wronged)
