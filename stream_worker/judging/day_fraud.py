"""Fraud that only a whole day shows: a day is studied once, then each report is checked against the evidence.

`study` examines the day, or an even sample of it, and keeps what it finds as evidence. `first_broken` checks
each report against the evidence by itself, so that a day can be screened in parts. A rule of `RULES` sees
the day without the reports that the rules before it reject: one flood does not hide another, nor make a
version look broadly used.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import polars as pl

from schemas.releases import RELEASED
from stream_worker.judging.day_rules import clusters, copies, counters, nonces, pairs, sequences, versions
from stream_worker.judging.day_rules.finding import Finding
from stream_worker.judging.thresholds import THRESHOLDS, Thresholds


@dataclass(frozen=True, slots=True)
class DayRule:
    """A rule about a whole day: `find` gets a sample of the day, and which share of the day it is."""

    name: str
    version: int
    reason: str
    find: Callable[[pl.DataFrame, float, Thresholds], Finding]

    @property
    def detail(self) -> str:
        """The rule in words, as `rejects.detail` has it."""
        return f"{self.name} v{self.version}: {self.reason}"


RULES: Final = (
    DayRule(
        "nonce_sequence",
        1,
        "Nonces that are one step apart, over and over; random ones never are, in 10^24 days.",
        lambda sample, _, thresholds: sequences.sequences(sample, thresholds),
    ),
    DayRule(
        "nonce_shared_digits",
        1,
        "A run of digits that 200 times as many of the day's nonces share as random ones do.",
        lambda sample, _, thresholds: nonces.shared_digits(sample, thresholds),
    ),
    DayRule(
        "nonce_regular",
        1,
        "Digits as regular as 200 times as many of the day's nonces have them as random ones do.",
        lambda sample, _, thresholds: nonces.regular(sample, thresholds),
    ),
    DayRule(
        "counters_contradict",
        1,
        "A million calls that nearly all fail, or grants without tokens; or 10^10 calls of all kinds.",
        lambda sample, _, thresholds: counters.contradictions(sample, thresholds),
    ),
    DayRule(
        "counters_beyond_tail",
        1,
        "A count so great that ten times as many reports have one as have one of the two orders below.",
        lambda sample, _, thresholds: counters.tails(sample, thresholds),
    ),
    DayRule(
        "payload_copied",
        2,
        "Counters that tell much, the same in 20 reports and in five times as many as any near them.",
        lambda sample, _, thresholds: copies.copies(sample, thresholds),
    ),
    DayRule(
        "payload_clustered",
        1,
        "Counters that tell much, so near to many others as the payloads around them do not explain.",
        lambda sample, _, thresholds: clusters.clusters(sample, thresholds),
    ),
    DayRule(
        "payload_paired",
        1,
        "Counters that tell much, the same as those of a report before, on a day with many such pairs.",
        lambda sample, _, thresholds: pairs.pairs(sample, thresholds),
    ),
    DayRule(
        "version_made_up",
        1,
        "A version that is not released, does not follow one that is, and is not broadly run.",
        lambda sample, _, thresholds: versions.made_up(sample, frozenset(RELEASED), thresholds),
    ),
)


@dataclass(frozen=True, slots=True)
class Evidence:
    """What a day shows: the finding of each rule, in the order of the rules."""

    thresholds_version: int
    findings: dict[str, Finding]

    def summary(self) -> dict[str, int]:
        """Return the thresholds' version, and how much each rule found: 0 is nothing."""
        return {"thresholds": self.thresholds_version} | {
            name: len(finding) for name, finding in self.findings.items()
        }


def study(
    sample: pl.DataFrame,
    share: float = 1.0,
    thresholds: Thresholds = THRESHOLDS,
    rules: tuple[DayRule, ...] = RULES,
) -> Evidence:
    """Look for fraud in a day's accepted reports, each deployment once, or in an even `share` of them.

    `sample` has the columns of `reports`, and `nonce` (UInt128). Its order does not matter.
    """
    findings: dict[str, Finding] = {}
    rest = sample
    for rule in rules:
        finding = rule.find(rest, share, thresholds)
        findings[rule.name] = finding
        if finding.applies:
            rest = rest.filter(~finding.broken(rest))
    return Evidence(thresholds.version, findings)


def first_broken(reports: pl.DataFrame, evidence: Evidence) -> pl.Series:
    """Return for each report the name of the first day-wide rule that it breaks, or null."""
    broken = [
        pl.when(finding.broken(reports)).then(pl.lit(name))
        for name, finding in evidence.findings.items()
        if finding.applies
    ]
    if not broken:
        return pl.repeat(None, len(reports), dtype=pl.String, eager=True).alias("rule")
    return reports.select(rule=pl.coalesce(broken)).to_series()
