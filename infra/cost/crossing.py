"""At which sizes the cheaper of two designs changes."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable

SMALLEST: Final = 10.0**4
_DECADES: Final = 5
_A_DECADE: Final = 20
_NEAR: Final = 1.001


def crossings(one: Callable[[float], float], other: Callable[[float], float]) -> list[float]:
    """Return the reports a day at which the sign of `one` minus `other` changes, smallest first."""

    def cheaper(reports: float) -> bool:
        return one(reports) < other(reports)

    steps = [SMALLEST * 10 ** (step / _A_DECADE) for step in range(_DECADES * _A_DECADE + 1)]
    return [_between(cheaper, low, high) for low, high in pairwise(steps) if cheaper(low) != cheaper(high)]


def _between(cheaper: Callable[[float], bool], low: float, high: float) -> float:
    while high / low > _NEAR:
        middle = (low * high) ** 0.5
        if cheaper(middle) == cheaper(low):
            low = middle
        else:
            high = middle
    return high
