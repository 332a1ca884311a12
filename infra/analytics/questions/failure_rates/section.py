"""Which share of calls fails: a dot with its interval for each version, a panel for each feature."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import altair as alt

from infra.analytics.charts.drawing import chart_of, draw
from infra.analytics.charts.labels import labels, printable
from infra.analytics.charts.numbers import percent, whole
from infra.analytics.charts.section import Figure, Section, Table
from infra.analytics.charts.theme import SERIES
from infra.analytics.charts.version_order import newer
from infra.analytics.features import FEATURES

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from infra.analytics.charts.days import Days
    from infra.analytics.charts.drawing import Shape
    from infra.analytics.charts.section import Row
    from infra.analytics.question import Question

_MOST: Final = 14


def section(question: Question, rows: Sequence[Row], known: Days) -> Section:  # noqa: ARG001 - all sections have one form
    """Draw the answer, and say what it shows."""
    weight: dict[str, int] = {}
    for row in rows:
        weight[row["version"]] = max(weight.get(row["version"], 0), row["deployments"])
    largest = sorted(weight, key=lambda version: -weight[version])[:_MOST]
    named = labels(sorted(largest, key=newer, reverse=True))
    title = "Share of calls that failed, by version, with its 95 % interval"
    if len(weight) > len(named):
        title += f"; the {len(named)} versions with the most deployments of {len(weight)}"
    figure = Figure(title, _finding(rows), draw(lambda shape: _chart(rows, named, shape), "failure_rates-1"))
    return Section(question, [figure], [_table(rows)])


def _chart(rows: Sequence[Row], named: Mapping[str, str], shape: Shape) -> alt.TopLevelMixin:
    """Draw a panel for each feature, on one scale, beside one another or, narrow, below."""
    shown = [row for row in rows if row["version"] in named]
    end = max([1e-6, *(row["high"] for row in shown)]) * 1.05
    rate = alt.Scale(domain=[0, end], nice=False)
    x = alt.X("low:Q", title=None, scale=rate, axis=alt.Axis(format="~%", tickCount=4, grid=True))
    width = shape.width - 110 if shape.narrow else (shape.width - 150) // 3
    panels = []
    for place, (feature, colour) in enumerate(zip(FEATURES, SERIES, strict=True)):
        drawn = [
            {
                "version": named[row["version"]],
                "rate": row["failure_rate"],
                "low": row["low"],
                "high": row["high"],
            }
            for row in shown
            if row["feature"] == feature
        ]
        axis = alt.Axis(grid=True, labels=shape.narrow or place == 0, labelLimit=90 if shape.narrow else 140)
        y = alt.Y("version:N", title=None, scale=alt.Scale(domain=list(named.values())), axis=axis)
        chart = chart_of(drawn).encode(y=y)
        whiskers = chart.mark_rule(color=colour, strokeWidth=2).encode(x=x, x2="high:Q")
        dots = chart.mark_circle(color=colour, size=60, opacity=1).encode(x=alt.X("rate:Q", scale=rate))
        panel = alt.layer(whiskers, dots).properties(width=width, height=alt.Step(20), title=feature)
        panels.append(panel)
    return alt.vconcat(*panels, spacing=16) if shape.narrow else alt.hconcat(*panels, spacing=16)


def _finding(rows: Sequence[Row]) -> str:
    worst = max(rows, key=lambda row: (row["low"], row["failure_rate"]))
    calls, failures = sum(row["calls"] for row in rows), sum(row["failures"] for row in rows)
    overall = percent(failures / calls if calls else 0)
    return (
        f"Of the calls counted here, {overall} failed. The highest rate, by the lower end of its interval, "
        f"is that of {worst['feature']} in version {printable(worst['version'])}: "
        f"{percent(worst['failure_rate'])} "
        f"(95 % interval {percent(worst['low'])} to {percent(worst['high'])})."
    )


def _table(rows: Sequence[Row]) -> Table:
    ordered = sorted(
        rows, key=lambda row: (newer(row["version"]), -FEATURES.index(row["feature"])), reverse=True
    )
    return Table(
        "Failure rates by version and feature",
        ["Version", "Feature", "Deployments", "Calls", "Failures", "Failure rate", "Low", "High"],
        [
            [
                printable(row["version"]),
                row["feature"],
                *(whole(row[name]) for name in ("deployments", "calls", "failures")),
                *(percent(row[name]) for name in ("failure_rate", "low", "high")),
            ]
            for row in ordered
        ],
        words=2,
    )
