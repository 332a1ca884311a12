"""How all charts look. Colours are the style sheet's variables: one drawing for light, dark and print."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    import altair as alt

INK: Final = "var(--ink)"
SOFT: Final = "var(--soft)"
PAPER: Final = "var(--paper)"
SERIES: Final = ("var(--c1)", "var(--c2)", "var(--c3)")
"""Lines, dots and bars; distinguishable in both themes and with any colour vision, and labelled beside."""
RAMP: Final = tuple(f"var(--r{step})" for step in range(1, 9))
"""Steps of one quantity, or of an order, from little (or old) to much (or new)."""
ON_RAMP: Final = tuple(f"var(--on{step})" for step in range(1, 9))
"""What is written on each of them."""
OTHER: Final = "var(--line)"
TEXT: Final = 12
"""Pixels; a drawing may shrink by a tenth without anything below 11."""
DASH: Final = [3, 3]
"""What is provisional."""

_FONT: Final = "Liberation Sans"
"""What text is measured with: vl-convert brings it along. The style sheet says what it is shown in."""


def themed(chart: alt.TopLevelMixin, *, padding: int = 2) -> dict[str, Any]:
    """Return a chart's Vega-Lite specification in the page's looks."""
    text = {"labelFontSize": TEXT, "titleFontSize": TEXT, "labelColor": SOFT, "titleColor": SOFT}
    axis = {
        **text,
        "titleFontWeight": "normal",
        "labelLimit": 400,
        "gridColor": "var(--grid)",
        "domain": False,
        "ticks": False,
        "labelPadding": 6,
    }
    return chart.to_dict(validate=False) | {
        "background": "transparent",
        "padding": padding,
        "config": {
            "aria": False,  # the whole drawing has one text
            "font": _FONT,
            "view": {"stroke": None},
            "axis": axis,
            "axisX": {"grid": False},
            "title": {"color": INK, "fontSize": 13, "fontWeight": 600, "anchor": "start", "offset": 8},
            "text": {"fontSize": TEXT, "color": INK},
            "legend": {**text, "orient": "top", "title": None, "symbolType": "square", "offset": 8},
        },
    }
