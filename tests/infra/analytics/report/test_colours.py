"""The style sheet's colours: enough contrast in both themes, which axe does not judge inside drawings."""

from __future__ import annotations

import re
from importlib.resources import files
from typing import Final

import pytest

_STYLE: Final = files("infra.analytics.report").joinpath("style.css").read_text(encoding="utf-8")
_TEXT: Final = 4.5
_SHAPE: Final = 3.0


def _colours(theme: int) -> dict[str, str]:
    block = re.findall(r":root \{(.*?)\}", _STYLE, flags=re.DOTALL)[theme]
    return dict(re.findall(r"--([a-z]+[0-9]?): (#[0-9a-f]+)", block))


def _luminance(colour: str) -> float:
    digits = colour[1:] if len(colour) == 7 else "".join(2 * digit for digit in colour[1:])
    parts = [int(digits[place : place + 2], 16) / 255 for place in (0, 2, 4)]
    red, green, blue = (
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _contrast(one: str, other: str) -> float:
    """As WCAG 2 counts it."""
    light, dark = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("theme", [0, 1], ids=["light", "dark"])
def test_text_and_shapes_can_be_seen(theme: int) -> None:
    colours = _colours(theme)
    for name in ("ink", "soft", "link", "c1", "c2", "c3"):  # a line's name has its colour
        assert _contrast(colours[name], colours["paper"]) >= _TEXT, name
    for step in range(1, 9):
        assert _contrast(colours[f"on{step}"], colours[f"r{step}"]) >= _TEXT, step
    assert _contrast(colours["ink"], colours["line"]) >= _TEXT


@pytest.mark.parametrize("theme", [0, 1], ids=["light", "dark"])
def test_the_ramp_goes_one_way(theme: int) -> None:
    colours = _colours(theme)
    steps = [_luminance(colours[f"r{step}"]) for step in range(1, 9)]
    assert steps == sorted(steps, reverse=theme == 0)
    assert _contrast(colours["r8"], colours["r1"]) >= _SHAPE
