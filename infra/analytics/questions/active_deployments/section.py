"""How many deployments are active: three lines over days."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from infra.analytics.charts.drawing import draw
from infra.analytics.charts.lines import Line, Panel
from infra.analytics.charts.numbers import count, day, percent, whole
from infra.analytics.charts.section import Figure, Section, Table
from infra.analytics.charts.theme import SERIES

if TYPE_CHECKING:
    from collections.abc import Sequence

    import altair as alt

    from infra.analytics.charts.days import Days
    from infra.analytics.charts.drawing import Shape
    from infra.analytics.charts.section import Row
    from infra.analytics.question import Question

_LINES = {"active_28_days": "28 days", "active_7_days": "7 days", "deployments": "1 day"}


def section(question: Question, rows: Sequence[Row], known: Days) -> Section:
    """Draw the answer, and say what it shows."""
    days = [row["dt"] for row in rows]
    lines = [
        Line(name, colour, [row[column] for row in rows])
        for (column, name), colour in zip(_LINES.items(), SERIES, strict=True)
    ]

    def chart(shape: Shape) -> alt.TopLevelMixin:
        return Panel(days, lines, known, shape.width - 100, 300 if not shape.narrow else 240).layers(shape)

    figure = Figure(
        "Deployments that reported on a day, and in the 7 and in the 28 days that end with it",
        _finding(rows, known),
        draw(chart, "active_deployments-1"),
    )
    return Section(question, [figure], [_table(rows)])


def _finding(rows: Sequence[Row], known: Days) -> str:
    latest = known.latest([row for row in rows if row["deployments"] is not None] or rows)
    by_day = {row["dt"]: row for row in rows}
    now = by_day[latest]
    before = by_day.get(latest - timedelta(days=28))
    change = _change(now["deployments"], before["deployments"]) if before else ""
    return (
        f"{count(now['deployments'] or 0, 'deployment')} reported on {day(latest)}{change}; "
        f"{whole(now['active_7_days'])} in the 7 and {whole(now['active_28_days'])} in the 28 days "
        "that end with it."
    )


def _change(now: int | None, before: int | None) -> str:
    if not now or not before:
        return ""
    if now == before:
        return ", as many as 28 days before"
    return f", {percent(abs(now / before - 1))} {'more' if now > before else 'fewer'} than 28 days before"


def _table(rows: Sequence[Row]) -> Table:
    sealed = {True: "yes", False: "no", None: "nothing there"}
    numbers = [
        [row["dt"].isoformat(), sealed[row["sealed"]], *(whole(row[name]) for name in reversed(_LINES))]
        for row in rows
    ]
    heads = ["Day (UTC)", "Sealed", "On the day", "In 7 days", "In 28 days"]
    return Table("Active deployments, day by day", heads, numbers[::-1], words=2)
