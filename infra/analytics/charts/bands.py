"""Shares of a whole as bands over days: versions from old to new, the small ones together."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import altair as alt

from infra.analytics.charts.bars import PALE
from infra.analytics.charts.days import runs
from infra.analytics.charts.drawing import chart_of
from infra.analytics.charts.labels import labels
from infra.analytics.charts.theme import INK, ON_RAMP, OTHER, PAPER, RAMP, TEXT
from infra.analytics.charts.time_axis import following, noon, time_axis
from infra.analytics.charts.version_order import newer

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date

    from infra.analytics.charts.days import Days
    from infra.analytics.charts.drawing import Shape
    from infra.analytics.charts.section import Row

_MOST: Final = len(RAMP)


@dataclass(frozen=True, slots=True)
class Band:
    """A band: its label, colours, and its lower and upper end on each day."""

    name: str
    colour: str
    ink: str
    ends: Sequence[tuple[float, float]]


def bands(rows: Sequence[Row], days: Sequence[date]) -> list[Band]:
    """Stack the versions' shares: `other` at the bottom, then the old ones, the newest on top.

    Those have a band of their own that had the greatest shares on any day.
    """
    shares: defaultdict[str, dict[date, float]] = defaultdict(dict)
    for row in rows:
        shares[row["version"]][row["dt"]] = row["share"]
    largest = sorted(shares, key=lambda version: max(shares[version].values()), reverse=True)[:_MOST]
    named = labels(sorted(largest, key=newer))
    floor = [0.0] * len(days)
    stack = []
    if len(shares) > len(largest):
        rest = [sum(shares[v].get(day, 0) for v in shares if v not in named) for day in days]
        stack.append(Band("other", OTHER, INK, list(zip(floor, rest, strict=True))))
        floor = rest
    for place, (version, name) in enumerate(named.items()):
        step = round(place * (_MOST - 1) / max(1, len(named) - 1)) if len(named) > 1 else _MOST - 3
        top = [low + shares[version].get(day, 0) for low, day in zip(floor, days, strict=True)]
        stack.append(Band(name, RAMP[step], ON_RAMP[step], list(zip(floor, top, strict=True))))
        floor = top
    return stack


def draw_bands(stack: Sequence[Band], days: Sequence[date], known: Days, shape: Shape) -> alt.TopLevelMixin:
    """Draw each band as steps of a day, so that one day alone shows too, with a key and names inside."""
    height = 280 if shape.narrow else 340
    x = time_axis(days, shape)
    y = alt.Y(
        "low:Q",
        title=None,
        scale=alt.Scale(domain=[0, 1], nice=False),
        axis=alt.Axis(format="~%", tickCount=5, grid=False),
    )
    there: list[object] = [any(band.ends[place][1] for band in stack) or None for place in range(len(days))]
    marks = []
    for pale in (False, True):
        parts = [run for run in runs(days, there, known) if run.provisional is pale]
        drawn = [row for band in stack for run in parts for row in _steps(band, days, run.places)]
        area = chart_of(drawn).mark_area(
            interpolate="step-after",
            opacity=1,
            fillOpacity=PALE if pale else 1,
            stroke=PAPER,
            strokeWidth=0.5,
        )
        key = alt.Legend(
            orient="top",
            title=None,
            columns=4 if shape.narrow else 9,
            symbolType="square",
            symbolStrokeWidth=0,
            columnPadding=16,
            labelLimit=64 if shape.narrow else 140,
        )
        scale = alt.Scale(domain=[band.name for band in stack], range=[band.colour for band in stack])
        fill = alt.Fill("name:N", scale=scale, legend=key, sort=None)
        marks.append(area.encode(x=x, y=y, y2="high:Q", detail="run:N", fill=fill))
    return alt.layer(*marks, _names(stack, days, known, height, shape)).properties(
        width=shape.width - 60, height=height
    )


def _steps(band: Band, days: Sequence[date], places: Sequence[int]) -> list[dict[str, Any]]:
    """Return a run's steps; the last one ends with its day."""
    starts = [days[place].isoformat() for place in places]
    ends = [band.ends[place] for place in places]
    drawn = zip([*starts, following(days[places[-1]])], [*ends, ends[-1]], strict=True)
    run = f"{band.name} {places[0]}"
    return [
        {"day": day, "low": low, "high": high, "run": run, "name": band.name} for day, (low, high) in drawn
    ]


def _names(stack: Sequence[Band], days: Sequence[date], known: Days, height: int, shape: Shape) -> alt.Chart:
    """Write each band's name into it where it is thickest, if it fits there."""
    rows = []
    for band in stack:
        place, across = _room(band, days, known)
        low, high = band.ends[place]
        wide = across * shape.width / len(days)
        if (high - low) * height < TEXT + 4 or wide < len(band.name) * TEXT * 0.7:
            continue
        # What is not sealed is pale: a name on the full colour has another ink.
        ink = INK if known.provisional(days[place]) else band.ink
        rows.append({"day": noon(days[place]), "low": (low + high) / 2, "text": band.name, "ink": ink})
    y = alt.Y("low:Q", scale=alt.Scale(domain=[0, 1], nice=False))
    chart = chart_of(rows).mark_text(fontWeight=600)
    drawn: alt.Chart = chart.encode(
        x=time_axis(days, shape), y=y, text="text:N", color=alt.Color("ink:N", scale=None)
    )
    return drawn


def _room(band: Band, days: Sequence[date], known: Days) -> tuple[int, int]:
    """Return the place for a band's name, and how many days it may be wide there.

    It is the middle of the days around the thickest one that are drawn alike and have the same height inside.
    """

    def thick(at: int) -> float:
        return band.ends[at][1] - band.ends[at][0]

    best = max(range(len(days)), key=lambda at: (not known.provisional(days[at]), thick(at), at))
    middle = sum(band.ends[best]) / 2
    first = last = best
    while first > 0 and _same(band, days, known, (best, first - 1), middle):
        first -= 1
    while last + 1 < len(days) and _same(band, days, known, (best, last + 1), middle):
        last += 1
    place = (first + last) // 2
    return (place if thick(place) >= thick(best) / 2 else best), last + 1 - first


def _same(band: Band, days: Sequence[date], known: Days, places: tuple[int, int], height: float) -> bool:
    best, other = places
    low, high = band.ends[other]
    return low < height < high and known.provisional(days[other]) == known.provisional(days[best])
