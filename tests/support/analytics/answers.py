"""Answers of all questions, made up for any number of days: what the page's tests render and know."""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from typing import TYPE_CHECKING, Any, Final

from infra.analytics.engine import Answer
from infra.analytics.questions import QUESTIONS

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

LAST: Final = date(2026, 11, 22)
FEATURES: Final = ("tokenize", "detokenize", "createGrant")


@dataclass(frozen=True)
class Lake:
    """What there is to tell: `days` of them up to LAST, the newest ones unsealed, some missing."""

    days: int
    unsealed: int = 1
    missing: frozenset[date] = frozenset()
    versions: int = 6
    names: Mapping[int, str] = field(default_factory=dict, hash=False)
    """Names of versions that are not `1.<number>.0`."""
    scale: int = 1
    """What all calls are multiplied by."""

    @property
    def calendar(self) -> list[date]:
        return [LAST - timedelta(days=back) for back in reversed(range(self.days))]

    @property
    def kept(self) -> list[date]:
        return [day for day in self.calendar if day not in self.missing]

    def sealed(self, day: date) -> bool:
        return (LAST - day).days >= self.unsealed

    def name(self, version: int) -> str:
        return self.names.get(version, f"1.{version}.0")

    def size(self, day: date) -> int:
        """How many deployments reported on a day: a growing fleet, fewer of it at weekends."""
        number = (day - self.calendar[0]).days
        return 800 + 9 * number - (60 + 2 * number if day.weekday() > 4 else 0)

    def running(self, day: date) -> dict[str, int]:
        """How many ran each version: each takes over from the one before it."""
        step = self.days / self.versions
        number = (day - self.calendar[0]).days
        weights = [max(0.0, 1 - abs(number / step - version) / 1.6) for version in range(self.versions)]
        total = sum(weights)
        return {
            self.name(version): round(self.size(day) * weight / total)
            for version, weight in enumerate(weights)
            if round(self.size(day) * weight / total)
        }


def answers(lake: Lake) -> dict[str, Answer]:
    """Return an answer of each question, in its columns; a lake of no days has no rows."""
    return {name: Answer(QUESTIONS[name], _ROWS[name](lake) if lake.days else []) for name in QUESTIONS}


def _active(lake: Lake) -> list[tuple[Any, ...]]:
    return [
        (day, lake.sealed(day), lake.size(day), lake.size(day) + 130, lake.size(day) + 240)
        if day not in lake.missing
        else (day, None, None, lake.size(day) + 130, lake.size(day) + 240)
        for day in lake.calendar
    ]


def _growth(lake: Lake) -> list[tuple[Any, ...]]:
    chance = random.Random(1)
    return [
        (day, 9 + chance.randrange(12), chance.randrange(5), 3 + chance.randrange(9)) for day in lake.calendar
    ]


def _adoption(lake: Lake) -> list[tuple[Any, ...]]:
    rows = []
    for day in lake.kept:
        ran = lake.running(day)
        rows += [(day, version, number, number / sum(ran.values())) for version, number in ran.items()]
    return rows


def _half(lake: Lake) -> list[tuple[Any, ...]]:
    step = lake.days // lake.versions
    rows = []
    for version in range(1, lake.versions):
        first = lake.calendar[0] + timedelta(days=version * step)
        half = first + timedelta(days=8 + version)
        there = half <= LAST
        rows.append((lake.name(version), first, half if there else None, 8 + version if there else None, 0.4))
    return rows


def _use(lake: Lake) -> list[tuple[Any, ...]]:
    rows = []
    for day in lake.kept[-28:] if lake.days < 100 else lake.kept:
        for place, feature in enumerate(FEATURES):
            used = lake.size(day) * (9 - 3 * place) // 10
            median = (1200, 90, 4)[place] * lake.scale + day.day
            rows.append((day, feature, used, used / lake.size(day), median, 11 * median))
    return rows


def _failures(lake: Lake) -> list[tuple[Any, ...]]:
    rows = []
    for place, feature in enumerate(FEATURES):
        for version in range(lake.versions):
            calls = (5_000_000 + 999 * version) * lake.scale
            failures = calls // (30 if version == lake.versions - 2 else 400 + 50 * place)
            rate = failures / calls
            rows.append(
                (lake.name(version), feature, 40 + version, calls, failures, rate, rate * 0.7, rate * 1.4)
            )
    return rows


def _retention(lake: Lake) -> list[tuple[Any, ...]]:
    whole = max(0, lake.days // 7 - 1)
    rows = []
    for age in range(min(13, whole), 0, -1):
        cohort = LAST - timedelta(days=LAST.weekday() + 7 * age)
        size = 60 + 5 * age
        for week in range(age):
            kept = round(size * 0.96**week)
            rows.append((cohort, week, size, kept, kept / size))
    return rows


def _rejects(lake: Lake) -> list[tuple[Any, ...]]:
    kinds = (
        ("duplicate", None),
        ("fraud", "nonce"),
        ("invalid", "$.metrics.tokenizeSuccess"),
        ("malformed", None),
    )
    chance = random.Random(2)
    return [
        (day, reason, rule, 3 + chance.randrange(20) + (4000 if reason == "fraud" and day.day == 3 else 0))
        for day in (lake.kept[-28:] if lake.days < 100 else lake.kept)
        for reason, rule in kinds
    ]


def _freshness(lake: Lake) -> list[tuple[Any, ...]]:
    rows = []
    for day in lake.calendar:
        state = "missing" if day in lake.missing else "sealed" if lake.sealed(day) else "live"
        there = state != "missing"
        arrival = datetime.combine(day, time(23, 59, 7)) if there else None
        rows.append((day, state, lake.size(day) if there else 0, 50 if there else 0, arrival))
    return rows


_ROWS: Final[Mapping[str, Callable[[Lake], list[tuple[Any, ...]]]]] = {
    "active_deployments": _active,
    "growth": _growth,
    "version_adoption": _adoption,
    "time_to_half": _half,
    "feature_use": _use,
    "failure_rates": _failures,
    "retention": _retention,
    "rejects_by_rule": _rejects,
    "freshness": _freshness,
}
