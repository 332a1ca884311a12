"""How long versions take to reach half of the fleet: a bar for each."""

from __future__ import annotations

from statistics import median
from typing import TYPE_CHECKING, Any, Final

import altair as alt

from infra.analytics.charts.bars import PALE
from infra.analytics.charts.drawing import chart_of, draw
from infra.analytics.charts.labels import labels, printable
from infra.analytics.charts.numbers import NONE, count, listed, percent, whole
from infra.analytics.charts.section import Figure, Section, Table
from infra.analytics.charts.theme import DASH, SERIES
from infra.analytics.charts.version_order import newer

if TYPE_CHECKING:
    from collections.abc import Sequence

    from infra.analytics.charts.days import Days
    from infra.analytics.charts.drawing import Shape
    from infra.analytics.charts.section import Row
    from infra.analytics.question import Question

_MOST: Final = 16


def section(question: Question, rows: Sequence[Row], known: Days) -> Section:
    """Draw the answer, and say what it shows."""
    shown = sorted(rows, key=lambda row: (row["first_day"], newer(row["version"])))[-_MOST:]

    def chart(shape: Shape) -> alt.TopLevelMixin:
        return _chart(shown, known, shape)

    title = "Days from a version's first report until half of the deployments ran it or a newer one"
    if len(rows) > len(shown):
        title += f"; the newest {len(shown)} of {len(rows)} versions"
    figure = Figure(title, _finding(rows), draw(chart, "time_to_half-1"))
    table = Table(
        "Time to half by version, newest first",
        ["Version", "First seen (UTC)", "Half on (UTC)", "Days", "Share on the newest day"],
        [
            [
                printable(row["version"]),
                row["first_day"].isoformat(),
                row["half_day"].isoformat() if row["half_day"] else "not yet",
                whole(row["days_to_half"]),
                percent(row["share"]),
            ]
            for row in sorted(rows, key=lambda row: newer(row["version"]), reverse=True)
        ],
        words=3,
    )
    return Section(question, [figure], [table])


def _chart(rows: Sequence[Row], known: Days, shape: Shape) -> alt.TopLevelMixin:
    named = labels(row["version"] for row in rows)
    drawn = [_bar(row, named[row["version"]], known) for row in rows]
    longest = max([1, *(row["days"] for row in drawn)])
    # The words beside the longest bar need room too.
    scale = alt.Scale(domain=[0, longest * (2.6 if shape.narrow else 1.35)], nice=False)
    x = alt.X("days:Q", scale=scale, axis=None)
    y = alt.Y(
        "version:N",
        sort=list(named.values()),
        title=None,
        axis=alt.Axis(minExtent=40, labelLimit=80 if shape.narrow else 140),
        scale=alt.Scale(padding=0.35),
    )
    there = chart_of([row for row in drawn if row["there"]]).encode(x=x, y=y)
    yet = chart_of([row for row in drawn if not row["there"]]).encode(x=x, y=y)
    words = chart_of(drawn).encode(x=x, y=y, text="text:N").mark_text(align="left", dx=6)
    return alt.layer(
        there.mark_bar(color=SERIES[0], cornerRadiusEnd=2),
        yet.mark_bar(color=SERIES[1], fillOpacity=PALE, stroke=SERIES[1], strokeDash=DASH, strokeWidth=1.2),
        words,
    ).properties(width=shape.width - (95 if shape.narrow else 155), height=alt.Step(26))


def _bar(row: Row, name: str, known: Days) -> dict[str, Any]:
    there = row["half_day"] is not None
    newest = known.newest
    so_far = (newest - row["first_day"]).days if newest else 0
    days = row["days_to_half"] if there else max(0, so_far)
    text = count(days, "day") if there else f"not yet, {percent(row['share'])} after {count(days, 'day')}"
    return {"version": name, "days": days, "there": there, "text": text}


def _finding(rows: Sequence[Row]) -> str:
    took = [row["days_to_half"] for row in rows if row["half_day"] is not None]
    waiting = [printable(row["version"]) for row in rows if row["half_day"] is None]
    parts = []
    if took:
        middle = median(took)
        number = f"{middle:,.0f}" if middle == int(middle) else f"{middle:,.1f}"
        parts.append(
            f"{count(len(took), 'new version')} reached half of the deployments, "
            f"after {number} days in the median"
        )
    if waiting:
        parts.append(f"{listed(waiting)} {'has' if len(waiting) == 1 else 'have'} not reached it yet")
    return f"{'; '.join(parts) or NONE}."
