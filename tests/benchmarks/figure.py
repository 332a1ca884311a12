"""A figure: what was measured in each round, what was aimed at, and whether it was met."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from enum import Enum
from statistics import median
from typing import Any

Tick = Callable[[str], None]
"""Says what is measured next; called once for each measurement."""


class Bound(Enum):
    """On which side of its aim a figure should be."""

    AT_LEAST = "≥"
    AT_MOST = "≤"

    def holds(self, value: float, aim: float) -> bool:
        """Say whether `value` is on this side of `aim`."""
        return value >= aim if self is Bound.AT_LEAST else value <= aim


@dataclass(frozen=True, slots=True)
class Aim:
    """What a figure's median should be."""

    bound: Bound
    value: float


@dataclass(frozen=True, slots=True)
class Figure:
    """One figure, a value for each round; its `median` is what is quoted."""

    name: str
    unit: str
    values: Sequence[float]
    aim: Aim | None = None

    @property
    def median(self) -> float:
        """The median of the rounds."""
        return median(self.values)

    @property
    def met(self) -> bool | None:
        """Whether the median is what was aimed at; None without an aim."""
        return self.aim.bound.holds(self.median, self.aim.value) if self.aim else None

    @property
    def document(self) -> dict[str, Any]:
        """The figure for machines."""
        return {
            "name": self.name,
            "unit": self.unit,
            "median": self.median,
            "min": min(self.values),
            "max": max(self.values),
            "rounds": list(self.values),
            "aim": f"{self.aim.bound.value} {self.aim.value:g}" if self.aim else None,
            "met": self.met,
        }


@dataclass(frozen=True, slots=True)
class Result:
    """What one benchmark found; `notes` say how it was measured and what to make of it."""

    figures: list[Figure]
    notes: list[str] = field(default_factory=list)


def ratios(ours: Sequence[float], theirs: Sequence[float]) -> list[float]:
    """Return each round's ratio: both were measured one after the other, on a machine in the same mood."""
    return [one / other for one, other in zip(ours, theirs, strict=True)]


def at_least(value: float) -> Aim:
    """Aim at this much or more."""
    return Aim(Bound.AT_LEAST, value)


def at_most(value: float) -> Aim:
    """Aim at this much or less."""
    return Aim(Bound.AT_MOST, value)
