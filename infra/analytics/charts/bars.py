"""Bars over days: pale and outlined where days may still change."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import altair as alt

from infra.analytics.charts.drawing import chart_of
from infra.analytics.charts.time_axis import following, time_axis

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date

    from infra.analytics.charts.days import Days
    from infra.analytics.charts.drawing import Shape

PALE: Final = 0.35
"""The opacity of what is provisional."""


def bar(day: date, low: float, high: float, colour: str, known: Days) -> dict[str, Any]:
    """Return the row of a bar that covers a day, from one value to another."""
    ends = {"day": day.isoformat(), "end": following(day), "low": low, "high": high}
    return {**ends, "colour": colour, "pale": known.provisional(day)}


def bars(
    rows: list[dict[str, Any]], days: Sequence[date], shape: Shape, y: alt.Y, *, axis: bool = True
) -> list[alt.Chart]:
    """Draw bars in their rows' `colour`: those of sealed days full, the others pale with an outline."""
    x = time_axis(days, shape, axis=axis)
    gap = 0 if len(days) > shape.width / 4 else 0.6
    parts: list[alt.Chart] = []
    for pale in (False, True):
        shown = [row for row in rows if row["pale"] is pale and row["low"] != row["high"]]
        chart = chart_of(shown).encode(
            x=x,
            x2="end:T",
            y=y,
            y2="high:Q",
            fill=alt.Fill("colour:N", scale=None),
            stroke=alt.Stroke("colour:N", scale=None),
        )
        outline = {"strokeWidth": 1, "fillOpacity": PALE} if pale else {"strokeWidth": 0}
        parts.append(chart.mark_bar(x2Offset=-gap, xOffset=gap, **outline))
    return parts
