"""The axis of days. Days are UTC's on every machine; the newest one always has its label."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING

import altair as alt

if TYPE_CHECKING:
    from collections.abc import Sequence

    from infra.analytics.charts.drawing import Shape


def noon(day: date) -> str:
    """Return the middle of a day, for a point of a line (ISO 8601)."""
    return f"{day.isoformat()}T12:00:00Z"


def following(day: date) -> str:
    """Return the day after a day, for a bar's end (ISO 8601)."""
    return (day + timedelta(days=1)).isoformat()


def time_axis(days: Sequence[date], shape: Shape, *, labels: int | None = None, axis: bool = True) -> alt.X:
    """Return the x channel of the field `day`: whole days, from the first to the end of the last one.

    It has at most some `labels`; without `axis` none.
    """
    first, last = min(days), max(days)
    most = labels or (4 if shape.narrow else 8)
    number = (last - first).days + 1
    step = next(
        step for step in (1, 2, 7, 14, 28, 56, 112, 224, number) if number / step <= most or step >= number
    )
    ticks = [last - timedelta(days=back) for back in range(0, number, step)]
    return alt.X(
        "day:T",
        scale=alt.Scale(type="utc", domain=[first.isoformat(), following(last)], nice=False),
        axis=alt.Axis(
            values=[noon(tick) for tick in reversed(ticks)],
            labelExpr="utcFormat(datum.value, '%-d %b')"
            if first.year == last.year
            else "utcFormat(datum.value, '%-d %b %y')",
            title=None,
            ticks=axis,
            tickColor="var(--line)",
            labels=axis,
            labelFlush=False,
            labelOverlap=True,
        ),
    )
