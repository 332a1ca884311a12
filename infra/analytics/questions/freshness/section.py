"""How fresh the lake is: a strip of days, a row for each state."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import altair as alt

from infra.analytics.charts.drawing import chart_of, draw
from infra.analytics.charts.numbers import count, day, listed, moment, whole
from infra.analytics.charts.section import Figure, Section, Table
from infra.analytics.charts.theme import SERIES
from infra.analytics.charts.time_axis import following, time_axis

if TYPE_CHECKING:
    from collections.abc import Sequence

    from infra.analytics.charts.days import Days
    from infra.analytics.charts.drawing import Shape
    from infra.analytics.charts.section import Row
    from infra.analytics.question import Question

_COLOURS: Final = {
    "sealed": SERIES[0],
    "live": SERIES[2],
    "replay": SERIES[2],
    "empty": SERIES[1],
    "missing": SERIES[1],
}


def section(question: Question, rows: Sequence[Row], known: Days) -> Section:
    """Draw the answer, and say what it shows."""
    figure = Figure(
        "State of each day, a row for each state",
        _finding(known),
        draw(lambda shape: _chart(known, shape), "freshness-1"),
    )
    table = Table(
        "State, records and newest arrival, day by day",
        ["Day (UTC)", "State", "Accepted", "Rejected", "Last arrival (UTC)"],
        [
            [
                row["dt"].isoformat(),
                row["state"],
                whole(row["accepted"]),
                whole(row["rejected"]),
                moment(row["last_arrival"]),
            ]
            for row in reversed(rows)
        ],
        words=2,
    )
    return Section(question, [figure], [table])


def _chart(known: Days, shape: Shape) -> alt.TopLevelMixin:
    days = list(known.states)
    found = set(known.states.values())
    states = [state for state in _COLOURS if state in found or state in {"sealed", "live", "missing"}]
    x = time_axis(days, shape)
    y = alt.Y(
        "state:N",
        title=None,
        scale=alt.Scale(domain=states, padding=0.3),
        axis=alt.Axis(grid=True, minExtent=50),
    )
    rows = [
        {"day": dt.isoformat(), "end": following(dt), "state": state, "colour": _COLOURS[state]}
        for dt, state in known.states.items()
    ]
    chart = chart_of(rows).mark_bar(height=16, stroke="var(--paper)", strokeWidth=0.5)
    fill = alt.Fill("colour:N", scale=None)
    drawn: alt.Chart = chart.encode(x=x, x2="end:T", y=y, fill=fill)
    return drawn.properties(width=shape.width - 80, height=alt.Step(28))


def _finding(known: Days) -> str:
    total, sealed = len(known.states), len(known.in_state("sealed"))
    parts = [f"{whole(sealed)} of {count(total, 'day')} {'is' if sealed == 1 else 'are'} sealed"]
    for words, days in (
        ("not sealed yet", known.unsealed),
        ("empty", known.in_state("empty")),
        ("missing", known.in_state("missing")),
    ):
        if days:
            parts.append(f"{words}: {listed([day(dt) for dt in days])}")
    text = f"{'; '.join(parts)}."
    newest = known.last_arrival
    return (
        f"{text} The newest record arrived on {day(newest.date())} at {newest:%H:%M:%S} UTC."
        if newest
        else text
    )
