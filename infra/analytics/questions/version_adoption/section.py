"""Which versions run: bands over days."""

from __future__ import annotations

from collections import defaultdict
from datetime import timedelta
from typing import TYPE_CHECKING

from infra.analytics.charts.bands import bands, draw_bands
from infra.analytics.charts.drawing import draw
from infra.analytics.charts.labels import printable
from infra.analytics.charts.numbers import count, day, percent, whole
from infra.analytics.charts.section import Figure, Section, Table
from infra.analytics.charts.version_order import newer

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date

    import altair as alt

    from infra.analytics.charts.days import Days
    from infra.analytics.charts.drawing import Shape
    from infra.analytics.charts.section import Row
    from infra.analytics.question import Question


def section(question: Question, rows: Sequence[Row], known: Days) -> Section:
    """Draw the answer, and say what it shows."""
    first, last = min(row["dt"] for row in rows), max(row["dt"] for row in rows)
    days = [first + timedelta(days=number) for number in range((last - first).days + 1)]
    stack = bands(rows, days)

    def chart(shape: Shape) -> alt.TopLevelMixin:
        return draw_bands(stack, days, known, shape)

    figure = Figure(
        "Share of the day's deployments that run each version: oldest at the bottom, newest on top"
        + _rest(rows, stack),
        _finding(rows, known),
        draw(chart, "version_adoption-1"),
    )
    return Section(question, [figure], [_table(rows)])


def _rest(rows: Sequence[Row], stack: Sequence[object]) -> str:
    number = len({row["version"] for row in rows})
    shown = min(number, 8)
    return f"; {count(number - shown, 'smaller version')} together as “other”" if len(stack) > shown else ""


def _finding(rows: Sequence[Row], known: Days) -> str:
    latest = known.latest(rows)
    ran = sorted((row for row in rows if row["dt"] == latest), key=lambda row: -row["deployments"])
    most = ran[0]
    newest = max(ran, key=lambda row: newer(row["version"]))
    text = f"On {day(latest)}, {percent(most['share'])} of the deployments ran {printable(most['version'])}"
    if newest is not most:
        text += f" and {percent(newest['share'])} the newest that was seen, {printable(newest['version'])}"
    return f"{text}; {count(len(ran), 'version')} {'was' if len(ran) == 1 else 'were'} in use."


def _table(rows: Sequence[Row]) -> Table:
    ran: defaultdict[date, dict[str, int]] = defaultdict(dict)
    for row in rows:
        ran[row["dt"]][row["version"]] = row["deployments"]
    versions = sorted({row["version"] for row in rows}, key=newer, reverse=True)
    cells = [[dt.isoformat(), *(whole(ran[dt].get(v)) for v in versions)] for dt in sorted(ran, reverse=True)]
    return Table(
        "Deployments by day and version, newest version first",
        ["Day (UTC)", *map(printable, versions)],
        cells,
    )
