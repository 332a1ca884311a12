"""A chart as SVG inside the page: drawn twice, for wide and for narrow screens, and read as one picture."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final
from xml.etree import ElementTree as ET

import altair as alt
import vl_convert
from altair.utils.schemapi import debug_mode
from markupsafe import Markup

from infra.analytics.charts.theme import themed

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from infra.analytics.charts.section import Row

_SVG: Final = "http://www.w3.org/2000/svg"
_DROPPED: Final = (
    "role",
    "aria-roledescription",
    "aria-hidden",
    "aria-label",
    "style",
    "class",
    "pointer-events",
    "font-family",
)


@dataclass(frozen=True, slots=True)
class Shape:
    """What a drawing is made for; `width` in CSS pixels."""

    name: str
    width: int

    @property
    def narrow(self) -> bool:
        """Whether it is for a phone."""
        return self.name == "narrow"


SHAPES: Final = (Shape("wide", 780), Shape("narrow", 340))
"""The style sheet shows one of them; the other is not there for a screen reader either."""


def chart_of(rows: Sequence[Row]) -> alt.Chart:
    """Return a chart of rows, without any mark yet."""
    return alt.Chart(alt.Data(values=rows))  # type: ignore[no-untyped-call] # Altair does not annotate it


def draw(make: Callable[[Shape], alt.TopLevelMixin], name: str) -> list[Markup]:
    """Draw a chart in each shape. `name` is the figure's id: its title and finding are the drawing's text."""
    # Altair would check each part against its schema, which takes ten times as long as to draw it.
    with debug_mode(arg=False):
        return [_inline(vl_convert.vegalite_to_svg(themed(make(shape))), shape, name) for shape in SHAPES]


def _inline(text: str, shape: Shape, name: str) -> Markup:
    """Make a drawing of Vega's part of the page: its ids its own, its marks not read one by one."""
    root = ET.fromstring(text)  # noqa: S314 - Vega's own output, with every string escaped
    inside = ET.Element(f"{{{_SVG}}}g", {"aria-hidden": "true"})
    for element in list(root):
        _clean(element, f"{name}-{shape.name}-")
        root.remove(element)
        inside.append(element)
    root.append(inside)
    for attribute in ("version", "class"):
        root.attrib.pop(attribute, None)
    width, height = (float(root.attrib[side]) for side in ("width", "height"))
    width = max(width, shape.width)  # all drawings are as wide, so that their text is as large
    root.attrib |= {
        "width": f"{width:g}",
        "height": f"{height:g}",
        "viewBox": f"0 0 {width:g} {height:g}",
        "class": shape.name,
        "role": "img",
        "aria-labelledby": f"{name}-title",
        "aria-describedby": f"{name}-finding",
    }
    ET.register_namespace("", _SVG)
    return Markup(ET.tostring(root, encoding="unicode"))  # noqa: S704 - the tree's text is escaped as it is written


def _clean(top: ET.Element, prefix: str) -> None:
    for element in top.iter():
        for attribute in _DROPPED:
            element.attrib.pop(attribute, None)
        if "id" in element.attrib:
            element.attrib["id"] = prefix + element.attrib["id"]
        for attribute, value in element.attrib.items():
            if value.startswith("url(#"):
                element.attrib[attribute] = value.replace("url(#", f"url(#{prefix}", 1)
