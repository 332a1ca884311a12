"""How many deployments come and go: bars up and down."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import altair as alt

from infra.analytics.charts.bars import bar, bars
from infra.analytics.charts.drawing import chart_of, draw
from infra.analytics.charts.numbers import count, day, whole
from infra.analytics.charts.section import Figure, Section, Table
from infra.analytics.charts.theme import SERIES, SOFT

if TYPE_CHECKING:
    from collections.abc import Sequence

    from infra.analytics.charts.days import Days
    from infra.analytics.charts.drawing import Shape
    from infra.analytics.charts.section import Row
    from infra.analytics.question import Question

_DAYS: Final = 28
_SHOWN: Final = 90
"""How many days the question shows at most."""

_STACK: Final = {"new": (SERIES[0], 1), "returning": (SERIES[2], 1), "lost": (SERIES[1], -1)}


def section(question: Question, rows: Sequence[Row], known: Days) -> Section:
    """Draw the answer, and say what it shows."""
    later = _after_the_first(rows)

    def chart(shape: Shape) -> alt.TopLevelMixin:
        return _chart(later, known, shape)

    left_out = f"; without {day(rows[0]['dt'])}, the lake's first day, on which all are new"
    figure = Figure(
        "Deployments each day: new ones upwards, returning ones on top of them, lost ones downwards"
        + (left_out if len(later) < len(rows) else ""),
        _finding(rows, known),
        draw(chart, "growth-1"),
    )
    table = Table(
        "Deployments that came and went, day by day",
        ["Day (UTC)", "New", "Returning", "Lost", "Change of the 7 days"],
        [
            [row["dt"].isoformat(), *(whole(row[name]) for name in _STACK), f"{_change(row):+,}"]
            for row in reversed(rows)
        ],
    )
    return Section(question, [figure], [table])


def _after_the_first(rows: Sequence[Row]) -> Sequence[Row]:
    """Leave a lake's first day out: its bar, of the whole fleet, would leave nothing to see of the others.

    It is among the rows if the lake is younger than what the question shows.
    """
    return rows[1:] if 1 < len(rows) < _SHOWN else rows


def _change(row: Row) -> int:
    return int(row["new"] + row["returning"] - row["lost"])


def _chart(rows: Sequence[Row], known: Days, shape: Shape) -> alt.TopLevelMixin:
    days = [row["dt"] for row in rows]
    highest = max([1, *(row["new"] + row["returning"] for row in rows)])
    lowest = max([1, *(row["lost"] for row in rows)])
    y = alt.Y(
        "low:Q",
        title=None,
        scale=alt.Scale(domain=[-lowest * 1.15, highest * 1.15], nice=False),
        axis=alt.Axis(tickCount=5, tickMinStep=1, labelExpr="format(abs(datum.value), '~s')"),
    )
    drawn = []
    for name, (colour, sign) in _STACK.items():
        below = [row["new"] if name == "returning" else 0 for row in rows]
        ends = zip(rows, below, strict=True)
        drawn += [bar(row["dt"], sign * low, sign * (low + row[name]), colour, known) for row, low in ends]
    zero = chart_of([{"low": 0}]).mark_rule(color=SOFT).encode(y=y)
    layers = alt.layer(*bars(drawn, days, shape, y), zero, *_key(shape))
    return layers.properties(width=shape.width - 50, height=200 if shape.narrow else 260)


def _key(shape: Shape) -> list[alt.Chart]:
    """Name the colours above the bars, each beside a square of it, in the order of the stack."""
    step = 100 if shape.narrow else 120
    rows = [
        {"text": f"{name} {'▲' if sign > 0 else '▼'}", "colour": colour, "at": place * step}
        for place, (name, (colour, sign)) in enumerate(_STACK.items())
    ]
    chart = chart_of(rows).encode(x=alt.X("at:Q", scale=None), y=alt.value(-14))
    squares = chart.mark_square(size=80, opacity=1, xOffset=4).encode(color=alt.Color("colour:N", scale=None))
    return [squares, chart.mark_text(align="left", dx=12, color=SOFT).encode(text="text:N")]


def _finding(rows: Sequence[Row], known: Days) -> str:
    latest = known.latest(rows)
    window = [row for row in rows if 0 <= (latest - row["dt"]).days < _DAYS]
    new, returning, lost = (sum(row[name] for row in window) for name in _STACK)
    change = new + returning - lost
    which = (
        f"{count(abs(change), 'deployment')} {'more' if change > 0 else 'fewer'} than before"
        if change
        else "no change"
    )
    span = f"In the {count(len(window), 'day')} to {day(latest)}" if len(window) > 1 else f"On {day(latest)}"
    return f"{span}, {whole(new)} were new, {whole(returning)} returned and {whole(lost)} were lost: {which}."
