"""How many deployments stay: a heat map of cohorts and weeks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import altair as alt

from infra.analytics.charts.drawing import chart_of, draw
from infra.analytics.charts.numbers import NONE, count, day, percent, whole
from infra.analytics.charts.section import Figure, Section, Table
from infra.analytics.charts.theme import ON_RAMP, RAMP

if TYPE_CHECKING:
    from collections.abc import Sequence

    from infra.analytics.charts.days import Days
    from infra.analytics.charts.drawing import Shape
    from infra.analytics.charts.section import Row
    from infra.analytics.question import Question

_MOST: Final = 13
"""Weeks whose text fits into a cell, on a phone too."""
_LATEST_WEEK: Final = 4
"""The sentence is about this week, or the latest before it."""


def section(question: Question, rows: Sequence[Row], known: Days) -> Section:  # noqa: ARG001 - all sections have one form
    """Draw the answer, and say what it shows."""
    cohorts = sorted({row["cohort"] for row in rows})[-_MOST:]
    shown = [row for row in rows if row["cohort"] in cohorts and row["week"] < _MOST]
    figure = Figure(
        "Percent of the deployments that came in a week (down) and reported in the weeks after it (across)",
        _finding(rows),
        draw(lambda shape: _chart(shown, shape), "retention-1"),
    )
    return Section(question, [figure], [_table(rows)])


def _chart(rows: Sequence[Row], shape: Shape) -> alt.TopLevelMixin:
    drawn = [_cell(row, shape) for row in rows]
    cohorts = list(dict.fromkeys(row["cohort"] for row in drawn))
    weeks = 1 + max(row["week"] for row in rows)
    width = min((shape.width - (70 if shape.narrow else 160)) // weeks, 70)
    x = alt.X(
        "week:O",
        title="weeks after the first",
        axis=alt.Axis(labelAngle=0, orient="top", titleAnchor="start"),
        scale=alt.Scale(padding=0),
    )
    left = alt.Axis(minExtent=50 if shape.narrow else 125)
    y = alt.Y("cohort:N", sort=cohorts, title=None, scale=alt.Scale(padding=0), axis=left)
    chart = chart_of(drawn).encode(x=x, y=y)
    cells = chart.mark_rect(stroke="var(--paper)", strokeWidth=1.5).encode(
        fill=alt.Fill("fill:N", scale=None)
    )
    words = chart.mark_text(fontSize=11 if shape.narrow else 12).encode(
        text="text:N", color=alt.Color("ink:N", scale=None)
    )
    return alt.layer(cells, words).properties(width=alt.Step(width), height=alt.Step(26))


def _cell(row: Row, shape: Shape) -> dict[str, Any]:
    step = min(len(RAMP) - 1, int(row["share"] * len(RAMP)))
    start = f"{day(row['cohort']).rsplit(' ', 1)[0]}"
    name = start if shape.narrow else f"{day(row['cohort'])} ({whole(row['deployments'])})"
    text = f"{100 * row['share']:.0f}"
    return {"cohort": name, "week": row["week"], "fill": RAMP[step], "ink": ON_RAMP[step], "text": text}


def _finding(rows: Sequence[Row]) -> str:
    later = [row["week"] for row in rows if row["week"] <= _LATEST_WEEK]
    week = max(later)
    old = [row for row in rows if row["week"] == week]
    came, stayed = sum(row["deployments"] for row in old), sum(row["retained"] for row in old)
    if week == 0 or not came:
        return f"{count(came, 'deployment')} came; there is no whole week after theirs yet."
    return (
        f"Of {count(came, 'deployment')} in {count(len(old), 'cohort')}, {percent(stayed / came)} reported "
        f"in the week that is {count(week, 'week')} after their first."
    )


def _table(rows: Sequence[Row]) -> Table:
    kept = {(row["cohort"], row["week"]): row for row in rows}
    size = {row["cohort"]: row["deployments"] for row in rows}
    weeks = range(1 + max(row["week"] for row in rows))
    cells = [
        [cohort.isoformat(), whole(size[cohort]), *(_kept(kept.get((cohort, week))) for week in weeks)]
        for cohort in sorted(size)
    ]
    heads = ["Week from (UTC)", "Came", *(f"Week {week}" for week in weeks)]
    return Table("Deployments of each cohort that reported again, by weeks since the first", heads, cells)


def _kept(row: Row | None) -> str:
    return NONE if row is None else f"{whole(row['retained'])} ({percent(row['share'])})"
