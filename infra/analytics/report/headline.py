"""The figures at the top of the page."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from infra.analytics.charts.numbers import NONE, count, day, listed, whole

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date

    from infra.analytics.charts.days import Days
    from infra.analytics.charts.section import Row


@dataclass(frozen=True, slots=True)
class Headline:
    """A figure: what it is, the figure itself, and a line about it."""

    name: str
    figure: str
    about: str


def headline(active: Sequence[Row], known: Days) -> list[Headline]:
    """Return the figures, from the rows that answer `active_deployments` and what is known of the days."""
    if not active or known.newest is None:
        return []
    latest = known.latest(active)
    row = next(row for row in active if row["dt"] == latest)
    when = f"{day(latest)}, {'not sealed yet' if known.provisional(latest) else 'the newest sealed day'}"
    missing = known.in_state("missing", "empty")
    return [
        Headline("Active that day", whole(row["deployments"]), when),
        Headline("Active in 7 days", whole(row["active_7_days"]), f"to {day(latest)}"),
        Headline("Active in 28 days", whole(row["active_28_days"]), f"to {day(latest)}"),
        Headline("Newest arrival", *_arrival(known)),
        Headline("Not sealed", whole(len(known.unsealed)), _named(known.unsealed, "every day is sealed")),
        Headline(
            "Without data", whole(len(missing)), _named(missing, f"none of {count(len(known.states), 'day')}")
        ),
    ]


def _arrival(known: Days) -> tuple[str, str]:
    newest = known.last_arrival
    return (f"{newest:%H:%M}", f"UTC, on {day(newest.date())}") if newest else (NONE, "no record yet")


def _named(days: Sequence[date], otherwise: str) -> str:
    return listed([day(one) for one in days]) if days else otherwise
