"""How features are used: lines of shares, and calls on a logarithmic scale."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import altair as alt

from infra.analytics.charts.drawing import draw
from infra.analytics.charts.lines import Line, Panel
from infra.analytics.charts.numbers import day, listed, percent, whole
from infra.analytics.charts.section import Figure, Section, Table
from infra.analytics.charts.theme import SERIES
from infra.analytics.features import FEATURES

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import date

    from infra.analytics.charts.days import Days
    from infra.analytics.charts.drawing import Shape
    from infra.analytics.charts.section import Row
    from infra.analytics.question import Question

_CALLS: Final = {"p90_calls": "p90", "median_calls": "median"}


def section(question: Question, rows: Sequence[Row], known: Days) -> Section:
    """Draw the answer, and say what it shows."""
    days = sorted({row["dt"] for row in rows})
    latest = known.latest(rows)
    now = {row["feature"]: row for row in rows if row["dt"] == latest}
    figures = [
        Figure(
            "Share of the day's deployments that used each feature",
            _shares_finding(latest, now),
            draw(lambda shape: _shares(days, rows, known, shape), "feature_use-1"),
        ),
        Figure(
            "Calls a day of those that used it: median, and what 90 % do not exceed (p90); logarithmic scale",
            _calls_finding(latest, now),
            draw(lambda shape: _calls(days, rows, known, shape), "feature_use-2"),
        ),
    ]
    return Section(question, figures, [_table(rows)])


def _values(rows: Sequence[Row], days: Sequence[date], feature: str, column: str) -> list[Any]:
    by_day = {row["dt"]: row[column] for row in rows if row["feature"] == feature}
    return [by_day.get(day) for day in days]


def _shares(days: Sequence[date], rows: Sequence[Row], known: Days, shape: Shape) -> alt.TopLevelMixin:
    lines = [
        Line(feature, colour, _values(rows, days, feature, "share"))
        for feature, colour in zip(FEATURES, SERIES, strict=True)
    ]
    height = 220 if shape.narrow else 260
    return Panel(days, lines, known, shape.width - 130, height, share=True, top=1.02).layers(shape)


def _calls(days: Sequence[date], rows: Sequence[Row], known: Days, shape: Shape) -> alt.TopLevelMixin:
    """Draw a panel for each feature on one scale, beside one another or, narrow, below."""
    top = (
        max([10, *(row["p90_calls"] or 0 for row in rows)]) * 1.5
    )  # a float: Vega takes no integers beyond 64 bits
    width = shape.width - 110 if shape.narrow else (shape.width - 250) // 3
    panels = []
    for place, (feature, colour) in enumerate(zip(FEATURES, SERIES, strict=True)):
        lines = [Line(name, colour, _values(rows, days, feature, column)) for column, name in _CALLS.items()]
        panel = Panel(days, lines, known, width, 130 if shape.narrow else 220, log=True, top=top)
        axis = shape.narrow or place == 0
        panels.append(panel.layers(shape, axis=axis, labels=3).properties(title=feature))
    return alt.vconcat(*panels, spacing=16) if shape.narrow else alt.hconcat(*panels, spacing=18)


def _shares_finding(latest: date, now: Mapping[str, Row]) -> str:
    words = [f"{percent(now[feature]['share'])} used {feature}" for feature in FEATURES if feature in now]
    return f"Of the deployments that reported on {day(latest)}, {listed(words)}."


def _calls_finding(latest: date, now: Mapping[str, Row]) -> str:
    words = [
        f"{whole(now[feature]['median_calls'])} calls of {feature} (p90: {whole(now[feature]['p90_calls'])})"
        for feature in FEATURES
        if feature in now and now[feature]["median_calls"] is not None
    ]
    if not words:
        return f"On {day(latest)}, no feature was used."
    return f"On {day(latest)}, the median deployment that used a feature made {listed(words)}."


def _table(rows: Sequence[Row]) -> Table:
    ordered = sorted(rows, key=lambda row: (-row["dt"].toordinal(), FEATURES.index(row["feature"])))
    return Table(
        "Feature use by day and feature",
        ["Day (UTC)", "Feature", "Deployments", "Share", "Median of calls", "p90 of calls"],
        [
            [
                row["dt"].isoformat(),
                row["feature"],
                whole(row["deployments"]),
                percent(row["share"]),
                whole(row["median_calls"]),
                whole(row["p90_calls"]),
            ]
            for row in ordered
        ],
        words=2,
    )
