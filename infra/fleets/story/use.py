"""A deployment's calls on a day: the six counters of its report."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

from infra.fleets.story.releases import BAD

if TYPE_CHECKING:
    import random
    from datetime import date

    from infra.fleets.story.deployment import Deployment

FEATURES: Final = ("tokenize", "detokenize", "createGrant")
BAD_FEATURE: Final = "createGrant"

FAILING: Final = 0.003
FAILING_BADLY: Final = 0.15
"""The chance that a call fails; and that one of the bad release's grants does."""

_TRIAL: Final = {"tokenize": 4, "detokenize": 2, "createGrant": 2}
_WEEKEND: Final = 0.5
_SATURDAY: Final = 5
_MOST: Final = 5e6
_FEW: Final = 30  # failures: from here on they scatter as a bell curve does


def counters(rng: random.Random, deployment: Deployment, version: str, day: date) -> dict[str, int]:
    """Return what a deployment reports of a day, by the names of the report's schema."""
    found: dict[str, int] = {}
    for feature in FEATURES:
        calls = _TRIAL[feature] if deployment.trial else _calls(rng, deployment.calls.get(feature), day)
        bad = version == BAD and feature == BAD_FEATURE
        failures = 0 if deployment.trial else _failures(rng, calls, FAILING_BADLY if bad else FAILING)
        found |= {f"{feature}Success": calls - failures, f"{feature}Failure": failures}
    return found


def _calls(rng: random.Random, usual: float | None, day: date) -> int:
    if usual is None:
        return 0
    calls = math.exp(usual + rng.gauss(0, 0.35)) * (_WEEKEND if day.weekday() >= _SATURDAY else 1)
    return int(min(calls, _MOST))


def _failures(rng: random.Random, calls: int, chance: float) -> int:
    """Return how many of so many calls fail, nearly as a binomial distribution has it."""
    mean = calls * chance
    if mean >= _FEW:
        return min(calls, max(0, round(rng.gauss(mean, math.sqrt(mean * (1 - chance))))))
    failures, product = -1, 1.0  # Knuth's Poisson
    while product > math.exp(-mean):
        failures, product = failures + 1, product * rng.random()
    return min(calls, max(0, failures))
