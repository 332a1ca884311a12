"""A month's bill: lines of so many units at a price."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from infra.cost.price import PRICES

if TYPE_CHECKING:
    from collections.abc import Sequence

    from infra.cost.price import Price


@dataclass(frozen=True, slots=True)
class Line:
    """So many units of one price, for one part of the deployment."""

    part: str
    what: str
    price: Price
    units: float

    @property
    def usd(self) -> float:
        """What they cost."""
        return self.price.of(self.units)


@dataclass(frozen=True, slots=True)
class Bill:
    """What one design costs a month."""

    design: str
    lines: tuple[Line, ...]

    @property
    def usd(self) -> float:
        """What all lines cost."""
        return sum(line.usd for line in self.lines)

    def part(self, part: str) -> float:
        """Return what the lines of one part cost."""
        return sum(line.usd for line in self.lines if line.part == part)

    @property
    def parts(self) -> Sequence[str]:
        """The parts, in the order of the lines."""
        return tuple(dict.fromkeys(line.part for line in self.lines))


def line(part: str, what: str, price: str, units: float) -> Line:
    """Return a line at the list's price of that name."""
    return Line(part, what, PRICES[price], units)
