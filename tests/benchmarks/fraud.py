"""The day-wide fraud rules: precision and recall for each attack and each rule, on seeds of its own."""

from __future__ import annotations

import time
from collections import defaultdict
from typing import Final

import polars as pl

from infra.fleets import attacks, labelled
from stream_worker.judging import day_fraud
from tests.benchmarks import fraud_scores
from tests.benchmarks.figure import Figure, Result, Tick, at_least
from tests.benchmarks.fraud_scores import Score

MEASUREMENTS: Final = {f"fraud in {family}": () for family in labelled.FAMILIES}
"""What a round measures: each family of fleets, once under each attack. `counts` was not used for tuning."""

_DEPLOYMENTS: Final = 50_000
_FORGED: Final = 2_000
_FIRST_SEED: Final = 7_000_000
_RECALL: Final = at_least(0.95)
_PRECISION: Final = at_least(0.99)


def measure(_seconds: float, rounds: int, tick: Tick) -> Result:
    """Put each family under each attack, with other seeds each round."""
    by_attack: dict[str, list[Score]] = defaultdict(list)
    by_rule: dict[str, list[Score]] = defaultdict(list)
    by_family: dict[str, list[Score]] = defaultdict(list)
    rates: list[float] = []
    for number in range(rounds):
        for family, measurement in zip(labelled.FAMILIES, MEASUREMENTS, strict=True):
            tick(measurement)
            honest = fraud_scores.fleet(family, _FIRST_SEED + number, _DEPLOYMENTS)
            for attack in attacks.ATTACKS:
                rows = fraud_scores.judged(honest, attack, _FORGED, _FIRST_SEED + number)
                by_attack[attack].append(fraud_scores.score(rows))
                if attack not in attacks.HOPELESS:
                    by_family[family].append(fraud_scores.score(rows))
                    for rule in fraud_scores.AIMED_AT:
                        by_rule[rule].append(fraud_scores.score_of(rule, rows))
            rates.append(_rate(honest))
    return Result(_figures(by_family, by_attack, by_rule, rates), [_note(rounds)])


def _rate(honest: pl.DataFrame) -> float:
    """Return how many reports a second are judged on a day under five attacks."""
    names = ("nonces by 1", "nonces with a prefix", "one payload", "jittered by 1 %", "random versions")
    day = pl.concat([honest, *(attacks.forged(name, honest, _FORGED, 1) for name in names)])
    evidence = day_fraud.study(day)
    begun = time.perf_counter()
    day_fraud.first_broken(day, evidence)
    return len(day) / (time.perf_counter() - begun)


def _figures(
    by_family: dict[str, list[Score]],
    by_attack: dict[str, list[Score]],
    by_rule: dict[str, list[Score]],
    rates: list[float],
) -> list[Figure]:
    figures: list[Figure] = []
    for kind, scores in (("fleet", by_family), ("attack", by_attack), ("rule", by_rule)):
        for name, found in scores.items():
            total = sum(found, Score())
            aimed = name not in attacks.HOPELESS
            figures += [
                Figure(f"{kind} {name}: recall", "", [total.recall], _RECALL if aimed else None),
                Figure(f"  {name}: precision", "", [total.precision], _PRECISION if aimed else None),
            ]
    return [*figures, Figure("judged, five floods a day", "reports/s", rates)]


def _note(rounds: int) -> str:
    return (
        f"Fraud: {len(labelled.FAMILIES)} families of fleets, {rounds} days each of {_DEPLOYMENTS:,} "
        f"deployments, each day under each attack alone ({_FORGED:,} forged reports); sums over the days. A "
        f"fleet's figures leave out what cannot be told apart ({', '.join(attacks.HOPELESS)}); a rule's "
        "recall is that of the attacks it is there for. Neither these seeds nor the family counts were "
        "used for tuning."
    )
