"""What each question's answer must be, counted in plain Python from what was generated."""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from functools import cached_property
from itertools import pairwise
from typing import Any

from schemas.tables import COUNTER_COLUMNS

FEATURES = {"tokenize": 0, "detokenize": 2, "createGrant": 4}
DAY = timedelta(days=1)
Row = tuple[Any, ...]


@dataclass
class Truth:
    """What is known of a lake: accepted reports as (dt, stack_id, version, six counters), rejects, states.

    `states` has each day of the catalog; `arrivals` each day's last arrival, in milliseconds, without zone.
    """

    reports: list[Row]
    rejects: list[tuple[date, str, str | None]]
    states: dict[date, str]
    arrivals: dict[date, datetime] = field(default_factory=dict)

    @cached_property
    def newest(self) -> date:
        return max(self.states)

    @cached_property
    def ids(self) -> dict[date, set[str]]:
        found = defaultdict[date, set[str]](set)
        for row in self.reports:
            found[row[0]].add(row[1])
        return found

    def shown(self, days: int) -> list[date]:
        """Return the calendar of a window that ends with the newest day."""
        first = max(self.newest - (days - 1) * DAY, min(self.states))
        return [first + n * DAY for n in range((self.newest - first).days + 1)]

    def within(self, days: int) -> list[Row]:
        return [row for row in self.reports if row[0] > self.newest - days * DAY]

    def active(self, day: date, days: int) -> int:
        return len(set().union(*(self.ids.get(day - n * DAY, set()) for n in range(days))))

    def active_deployments(self) -> list[Row]:
        return [
            (
                day,
                self.states[day] == "sealed" if self.ids.get(day) else None,
                len(self.ids[day]) if self.ids.get(day) else None,
                self.active(day, 7),
                self.active(day, 28),
            )
            for day in self.shown(90)
        ]

    def growth(self) -> list[Row]:
        def between(day: date, nearest: int, farthest: int) -> set[str]:
            return set().union(*(self.ids.get(day - n * DAY, set()) for n in range(nearest, farthest + 1)))

        rows: list[Row] = []
        for day in self.shown(90):
            today = self.ids.get(day, set())
            new = today - between(day, 1, 90)
            returning = (today & between(day, 1, 90)) - between(day, 1, 7)
            lost = self.ids.get(day - 7 * DAY, set()) - between(day, 0, 6)
            rows.append((day, len(new), len(returning), len(lost)))
        return rows

    def version_adoption(self) -> list[Row]:
        counted = Counter((row[0], release(row[2])) for row in self.within(90))
        totals = Counter(row[0] for row in self.within(90))
        rows = [(day, version, n, n / totals[day]) for (day, version), n in counted.items()]
        return sorted(rows, key=lambda row: (row[0], -row[2], row[1]))

    def time_to_half(self) -> list[Row]:
        by_day = defaultdict[date, Counter[str]](Counter)
        for row in self.within(90):
            by_day[row[0]][release(row[2])] += 1
        first = {
            version: min(day for day in by_day if version in by_day[day])
            for day in by_day
            for version in by_day[day]
        }
        order = sorted(first, key=lambda version: (*_semver(version), first[version], version))
        rows: list[Row] = []
        for version, came in first.items():
            if came <= self.shown(90)[0]:
                continue
            newer = order[order.index(version) :]
            shares = {
                day: sum(by_day[day][one] for one in newer) / by_day[day].total()
                for day in by_day
                if day >= came
            }
            half = min((day for day, share in shares.items() if share >= 0.5), default=None)
            days = (half - came).days if half else None
            rows.append((version, came, half, days, shares.get(self.newest, 0.0)))
        return sorted(rows, key=lambda row: (row[1], row[0]))

    def feature_use(self) -> list[Row]:
        by_day = defaultdict[date, list[Row]](list)
        for row in self.within(28):
            by_day[row[0]].append(row)
        return [
            (day, feature, *_use([row[3 + at] + row[4 + at] for row in by_day[day]]))
            for day in sorted(by_day)
            for feature, at in sorted(FEATURES.items())
        ]

    def failure_rates(self) -> list[Row]:
        rows: list[Row] = []
        versions = {release(row[2]) for row in self.within(28)}
        for feature, at in sorted(FEATURES.items()):
            for version in sorted(versions):
                per = defaultdict[str, list[int]](lambda: [0, 0])
                for row in self.within(28):
                    if release(row[2]) == version:
                        per[row[1]][0] += row[3 + at] + row[4 + at]
                        per[row[1]][1] += row[4 + at]
                users = [(calls, failures) for calls, failures in per.values() if calls]
                if len(users) >= 20:
                    rows.append((version, feature, *_rate(users)))
        return rows

    def retention(self) -> list[Row]:
        monday = min(self.states) + 6 * DAY
        first = monday - monday.weekday() * DAY
        last = self.newest - 6 * DAY
        last -= last.weekday() * DAY
        weeks = defaultdict[str, set[date]](set)
        for row in self.reports:
            week = row[0] - row[0].weekday() * DAY
            if max(first, last - 25 * 7 * DAY) <= week <= last:
                weeks[row[1]].add(week)
        cohorts = sorted({min(found) for found in weeks.values()})
        rows: list[Row] = []
        for cohort in cohorts:
            if cohort < last - 12 * 7 * DAY:
                continue
            members = [found for found in weeks.values() if min(found) == cohort]
            for number in range((last - cohort).days // 7 + 1):
                kept = sum(cohort + number * 7 * DAY in found for found in members)
                rows.append((cohort, number, len(members), kept, kept / len(members)))
        return rows

    def rejects_by_rule(self) -> list[Row]:
        counted = Counter(row for row in self.rejects if row[0] > self.newest - 28 * DAY)
        rows = [(*row, n) for row, n in counted.items()]
        # Trino puts null last.
        return sorted(rows, key=lambda row: (row[0], row[1], row[2] is None, row[2] or ""))

    def freshness(self) -> list[Row]:
        accepted, rejected = Counter(row[0] for row in self.reports), Counter(row[0] for row in self.rejects)
        return [
            (day, self.states.get(day, "missing"), accepted[day], rejected[day], self.arrivals.get(day))
            for day in self.shown(90)
        ]


def release(version: str) -> str:
    """Return a version without its build metadata: what it counts as."""
    return version.partition("+")[0]


def _semver(version: str) -> tuple[int, int, int, bool]:
    core, _, pre = version.partition("-")
    major, minor, patch = map(int, core.split("."))
    return major, minor, patch, not pre


def _use(calls: list[int]) -> Row:
    users = sorted(one for one in calls if one)
    if not users:
        return 0, 0.0, None, None
    return (
        len(users),
        len(users) / len(calls),
        users[math.ceil(0.5 * len(users)) - 1],
        users[-(-9 * len(users) // 10) - 1],
    )


def _rate(users: list[tuple[int, int]]) -> Row:
    """By the residuals of the ratio estimator, one by one: not by the sums that the query takes."""
    calls, failures = (sum(values) for values in zip(*users, strict=True))
    rate, n = failures / calls, len(users)
    residuals = math.fsum((failed - rate * called) ** 2 for called, failed in users)
    margin = 1.96 / calls * math.sqrt(n / (n - 1) * residuals)
    return n, calls, failures, rate, max(0.0, rate - margin), min(1.0, rate + margin)


assert len(COUNTER_COLUMNS) == 2 * len(FEATURES)
assert list(pairwise(FEATURES.values())) == [(0, 2), (2, 4)]
