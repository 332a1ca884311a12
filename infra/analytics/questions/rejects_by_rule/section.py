"""What was rejected: a strip of bars for each reason."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from typing import TYPE_CHECKING, Final

import altair as alt

from infra.analytics.charts.bars import bar, bars
from infra.analytics.charts.drawing import draw
from infra.analytics.charts.labels import printable
from infra.analytics.charts.numbers import NONE, count, day, percent, whole
from infra.analytics.charts.section import Figure, Section, Table
from infra.analytics.charts.theme import SERIES

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date

    from infra.analytics.charts.days import Days
    from infra.analytics.charts.drawing import Shape
    from infra.analytics.charts.section import Row
    from infra.analytics.question import Question

_REASONS: Final = ("duplicate", "fraud", "invalid", "malformed")


def section(question: Question, rows: Sequence[Row], known: Days) -> Section:
    """Draw the answer, and say what it shows."""
    figure = Figure(
        "Rejected records a day, a row of bars for each reason; each row has a scale of its own",
        _finding(rows),
        draw(lambda shape: _chart(rows, known, shape), "rejects_by_rule-1"),
    )
    return Section(question, [figure], [_by_rule(rows), _by_day(rows)])


def _sums(rows: Sequence[Row], *columns: str) -> Counter[tuple[object, ...]]:
    sums: Counter[tuple[object, ...]] = Counter()
    for row in rows:
        sums[tuple(row[column] for column in columns)] += row["records"]
    return sums


def _days(rows: Sequence[Row]) -> list[date]:
    first, last = min(row["dt"] for row in rows), max(row["dt"] for row in rows)
    return [first + timedelta(days=number) for number in range((last - first).days + 1)]


def _chart(rows: Sequence[Row], known: Days, shape: Shape) -> alt.VConcatChart:
    sums, days = _sums(rows, "dt", "reason"), _days(rows)
    reasons = [reason for reason in _REASONS if any(row["reason"] == reason for row in rows)]
    panels = []
    for reason in reasons:
        drawn = [bar(dt, 0, sums[dt, reason], SERIES[0], known) for dt in days]
        highest = max(row["high"] for row in drawn)
        y = alt.Y(
            "low:Q",
            title=None,
            scale=alt.Scale(domain=[0, max(1, highest) * 1.05], nice=False),
            axis=alt.Axis(tickCount=2, tickMinStep=1, labelExpr="format(datum.value, '~s')", minExtent=36),
        )
        panel = alt.layer(*bars(drawn, days, shape, y, axis=reason == reasons[-1]))
        panels.append(panel.properties(width=shape.width - 60, height=64, title=reason))
    return alt.vconcat(*panels, spacing=10)


def _finding(rows: Sequence[Row]) -> str:
    total = sum(row["records"] for row in rows)
    days = _days(rows)
    by_reason = [(str(reason), number) for (reason,), number in _sums(rows, "reason").most_common()]
    parts = ", ".join(f"{percent(number / total)} {reason}" for reason, number in by_reason)
    by_day: Counter[date] = Counter()
    for row in rows:
        by_day[row["dt"]] += row["records"]
    worst, most = by_day.most_common(1)[0]
    text = f"{count(total, 'record')} rejected from {day(days[0])} to {day(days[-1])}: {parts}."
    return f"{text} The most on one day were {whole(most)}, on {day(worst)}." if len(days) > 1 else text


def _by_rule(rows: Sequence[Row]) -> Table:
    total = sum(row["records"] for row in rows)
    return Table(
        "Rejected records by reason and rule, all days together",
        ["Reason", "Rule", "Records", "Share"],
        [
            [
                str(reason),
                NONE if rule is None else printable(str(rule)),
                whole(number),
                percent(number / total),
            ]
            for (reason, rule), number in _sums(rows, "reason", "rule").most_common()
        ],
        words=2,
    )


def _by_day(rows: Sequence[Row]) -> Table:
    sums = _sums(rows, "dt", "reason")
    return Table(
        "Rejected records by day and reason",
        ["Day (UTC)", *_REASONS, "all"],
        [
            [
                dt.isoformat(),
                *(whole(sums[dt, reason]) for reason in _REASONS),
                whole(sum(sums[dt, reason] for reason in _REASONS)),
            ]
            for dt in reversed(_days(rows))
        ],
    )
