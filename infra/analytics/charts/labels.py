"""Words inside a drawing: short, printable, each its own, and not on top of one another."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

_LONGEST: Final = 20


def printable(text: str) -> str:
    """Return a text from outside with `�` for what has no glyph (control and direction characters)."""
    return "".join(letter if letter.isprintable() else "�" for letter in text)


def labels(texts: Iterable[str]) -> dict[str, str]:
    """Return a label for each text, at most some 20 characters long; no two are the same."""
    taken: Counter[str] = Counter()
    named = {}
    for text in texts:
        short = printable(text)
        short = short if len(short) <= _LONGEST else f"{short[: _LONGEST - 1]}…"
        taken[short] += 1
        named[text] = short if taken[short] == 1 else f"{short} ({taken[short]})"
    return named


def spread(places: Sequence[float], gap: float, low: float, high: float) -> list[float]:
    """Move places (pixels, in any order) so that they are `gap` apart, between low and high."""
    order = sorted(range(len(places)), key=places.__getitem__)
    moved = list(places)
    floor = low
    for place in order:
        moved[place] = floor = max(moved[place], floor)
        floor += gap
    ceiling = high
    for place in reversed(order):
        moved[place] = ceiling = min(moved[place], ceiling)
        ceiling -= gap
    return moved
