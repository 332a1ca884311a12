"""The fleet from day to day: deployments join, pause, come back and leave for good."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from infra.fleets.story.deployment import joined

if TYPE_CHECKING:
    import random
    from collections.abc import Sequence

    from infra.fleets.story.deployment import Deployment
    from infra.fleets.story.releases import Release

_LEAVING: Final = 0.003
_PAUSING: Final = 0.006
_PAUSE_DAYS: Final = (2, 20)
_SKIPPING: Final = 0.02
"""Chances a day: to leave for good, to begin a pause, to miss this one day."""


@dataclass(slots=True)
class Population:
    """The deployments that have joined and not left; it grows from `start` to `end` in `days` days."""

    rng: random.Random
    releases: Sequence[Release]
    days: int
    start: int
    end: int
    members: list[Deployment] = field(default_factory=list)

    def reporting(self, day: int) -> list[Deployment]:
        """Let a day come, each once and in order, and return the deployments that report on it."""
        self.members = [one for one in self.members if self.rng.random() >= _LEAVING]
        missing = self._size(day) - len(self.members)
        self.members += [joined(self.rng, self.releases, day, first=not day) for _ in range(missing)]
        for one in self.members:
            if one.silent_until <= day and day and self.rng.random() < _PAUSING:
                one.silent_until = day + self.rng.randint(*_PAUSE_DAYS)
        here = [one for one in self.members if one.silent_until <= day]
        return [one for one in here if self.rng.random() >= _SKIPPING]

    def _size(self, day: int) -> int:
        passed = day / max(1, self.days - 1)
        grown: float = self.start * (self.end / self.start) ** passed
        return round(grown)
