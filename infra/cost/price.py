"""The list prices of `prices.toml`."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from importlib.resources import files
from itertools import pairwise
from typing import Final


@dataclass(frozen=True, slots=True)
class Price:
    """What a unit costs in a month, in tiers: up to so many units each costs so much."""

    name: str
    unit: str
    source: str
    tiers: tuple[tuple[float, float], ...]

    def of(self, units: float) -> float:
        """Return what so many units cost in a month."""
        edges = pairwise([0.0, *(limit for limit, _ in self.tiers)])
        return sum(
            price * max(0.0, min(units, high) - low)
            for (low, high), (_, price) in zip(edges, self.tiers, strict=True)
        )


_TEXT: Final = files("infra.cost").joinpath("prices.toml").read_text(encoding="utf-8")
_LIST: Final = tomllib.loads(_TEXT)

REGION: Final[str] = _LIST["region"]
PUBLISHED: Final[str] = _LIST["published"]
DAYS: Final[float] = _LIST["month_days"]
"""The days of a month."""
HOURS: Final = DAYS * 24

PRICES: Final = {
    name: Price(
        name, entry["unit"], entry["source"], tuple((limit, price) for limit, price in entry["tiers"])
    )
    for name, entry in _LIST.items()
    if isinstance(entry, dict)
}
