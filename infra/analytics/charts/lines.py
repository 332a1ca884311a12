"""Lines over days, each with its name at its end; dashed and hollow where days may still change."""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Final

import altair as alt

from infra.analytics.charts.days import runs
from infra.analytics.charts.drawing import chart_of
from infra.analytics.charts.labels import spread
from infra.analytics.charts.theme import DASH, PAPER, TEXT
from infra.analytics.charts.time_axis import noon, time_axis

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date

    from infra.analytics.charts.days import Days
    from infra.analytics.charts.drawing import Shape

_ROOM: Final = 1.08
"""How much higher than the highest point the panel is."""


@dataclass(frozen=True, slots=True)
class Line:
    """A series: a value for each day, None where there is none."""

    name: str
    colour: str
    values: Sequence[float | None]


@dataclass(frozen=True, slots=True)
class Panel:
    """Lines over the same days, in one frame. `share` is whether values are shares; `log` the scale."""

    days: Sequence[date]
    lines: Sequence[Line]
    known: Days
    width: int
    height: int
    share: bool = False
    log: bool = False
    top: float | None = None
    """The end of the scale, so that panels side by side have one; else it follows the values."""

    @property
    def highest(self) -> float:
        """The greatest value of all lines; 1 when there is none above."""
        least = 1e-9 if self.share else 1
        return float(max([least, *(v for line in self.lines for v in line.values if v is not None)]))

    @property
    def domain(self) -> tuple[float, float]:
        """The ends of the scale of values."""
        top = self.top or (min(1, self.highest * _ROOM) if self.share else self.highest * _ROOM)
        return (1 if self.log else 0, max(top, 10) if self.log else top)

    def layers(
        self, shape: Shape, *, axis: bool = True, labels: int | None = None
    ) -> alt.LayerChart | alt.FacetChart:
        """Draw sealed runs, the others and the ways to them, points where no line would show, and names."""
        x, y = time_axis(self.days, shape, labels=labels), self._y(axis=axis)
        solid, dashed, full, hollow = self._split()
        marks = [
            _chart(solid, x, y).mark_line(strokeWidth=2, strokeCap="round"),
            _chart(dashed, x, y).mark_line(strokeWidth=2, strokeDash=DASH),
            _chart(full, x, y).mark_point(strokeWidth=4, size=16, opacity=1),
            _chart(hollow, x, y).mark_point(fill=PAPER, strokeWidth=1.5, size=22, opacity=1, fillOpacity=1),
        ]
        return alt.layer(*marks, self._names(x)).properties(width=self.width, height=self.height)

    def _y(self, *, axis: bool) -> alt.Y:
        ends = self.domain
        look = alt.Axis(
            title=None,
            labels=axis,
            labelExpr=f"format(datum.value, '{'~%' if self.share else '~s'}')",
            tickMinStep=alt.Undefined if self.share else 1,
            tickCount=5,
            values=[10.0**power for power in range(1 + int(math.log10(ends[1])))]
            if self.log
            else alt.Undefined,
        )
        scale = alt.Scale(type="log" if self.log else "linear", domain=list(ends), nice=False)
        return alt.Y("value:Q", scale=scale, axis=look)

    def _split(self) -> tuple[list[dict[str, Any]], ...]:
        """Return the rows of solid lines, of dashed ones, and of full and hollow points."""
        solid: list[dict[str, Any]] = []
        dashed: list[dict[str, Any]] = []
        full: list[dict[str, Any]] = []
        for line in self.lines:
            found = list(
                runs(
                    self.days, [value if value or not self.log else None for value in line.values], self.known
                )
            )
            for number, run in enumerate(found):
                rows = self._rows(line, number, run.places)
                (dashed if run.provisional else solid).extend(rows)
                full += rows if len(rows) == 1 and not run.provisional else []
            for number, (before, after) in enumerate(pairwise(found), len(found)):
                ends = (before.places[-1], after.places[0])
                if (self.days[ends[1]] - self.days[ends[0]]).days == 1:
                    dashed += self._rows(line, number, ends)
        hollow = [row for row in dashed if row["provisional"]]
        return solid, dashed, full, hollow

    def _rows(self, line: Line, run: int, places: Sequence[int]) -> list[dict[str, Any]]:
        """Return a run's points. Values are floats: Vega takes no integers beyond 64 bits."""
        return [
            {
                "day": noon(self.days[place]),
                "value": float(line.values[place] or 0),
                "colour": line.colour,
                "run": f"{line.name} {run}",
                "provisional": self.known.provisional(self.days[place]),
            }
            for place in places
        ]

    def _names(self, x: alt.X) -> alt.Chart:
        """Write each line's name at the right, at the height of its last point."""
        ends = [
            (line, [value for value in line.values if value or (value == 0 and not self.log)])
            for line in self.lines
        ]
        named = [(line, self._pixel(values[-1])) for line, values in ends if values]
        moved = spread([pixel for _, pixel in named], TEXT + 2, 0, self.height)
        rows = [
            {"day": noon(max(self.days)), "name": line.name, "colour": line.colour, "at": pixel}
            for (line, _), pixel in zip(named, moved, strict=True)
        ]
        chart = chart_of(rows).mark_text(align="left", dx=10, fontWeight=600)
        at = alt.Y("at:Q", scale=None)
        drawn: alt.Chart = chart.encode(x=x, y=at, text="name:N", color=alt.Color("colour:N", scale=None))
        return drawn

    def _pixel(self, value: float) -> float:
        low, high = self.domain
        part = math.log(value / low) / math.log(high / low) if self.log else value / high
        return self.height * (1 - part)


def _chart(rows: list[dict[str, Any]], x: alt.X, y: alt.Y) -> alt.Chart:
    return chart_of(rows).encode(x=x, y=y, detail="run:N", stroke=alt.Stroke("colour:N", scale=None))
