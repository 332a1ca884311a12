"""A deployment of the product: how it is used, when it takes a new release, when it is silent."""

from __future__ import annotations

import math
import uuid
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from infra.fleets.story.releases import EARLIER, FIX

if TYPE_CHECKING:
    import random
    from collections.abc import Sequence

    from infra.fleets.story.releases import Release

_IDLE: Final = 0.18
_TRIAL: Final = 0.08
_BROKEN: Final = 0.06
_SLEEPING: Final = 0.1
_LAG_DAYS: Final = 5.0
_AT_NEWEST: Final = 0.85  # of those that join: others install what their distribution has
_USED: Final = {"tokenize": 0.95, "detokenize": 0.8, "createGrant": 0.55}
_USUAL: Final = {"tokenize": 5.0, "detokenize": 4.5, "createGrant": 3.0}  # logarithms of calls a day


@dataclass(slots=True)
class Deployment:
    """One deployment. Days count from the story's first.

    `upgrades` has for each release the day from which it is run, never (infinity) included; `calls` has the
    logarithm of the usual calls a day for each feature that is used; `broken` is a client that sends another
    shape of report until it is fixed; `silent_until` is the day on which a pause ends.
    """

    stack_id: str
    hour: int
    start: int
    upgrades: tuple[float, ...]
    calls: dict[str, float]
    trial: bool
    broken: bool
    silent_until: int = 0

    def release(self, day: int) -> int:
        """Return which release it runs on a day, as a place in the story's list."""
        reached = [place for place, taken in enumerate(self.upgrades) if taken <= day]
        return max(self.start, *reached) if reached else self.start


def joined(rng: random.Random, releases: Sequence[Release], day: int, *, first: bool) -> Deployment:
    """Return a deployment that joins on a day, or on the story's `first` has been there for long."""
    broken = rng.random() < _BROKEN
    sleeping = not broken and rng.random() < _SLEEPING
    lag = math.inf if sleeping else rng.expovariate(1 / _LAG_DAYS)
    kind = rng.random()
    return Deployment(
        stack_id=str(uuid.UUID(int=rng.getrandbits(128), version=4)),
        hour=rng.randrange(24),
        start=_start(rng, releases, day, first=first),
        upgrades=tuple(_upgrade(rng, release, lag) for release in releases),
        calls=_calls(rng) if kind >= _IDLE + _TRIAL else {},
        trial=_IDLE <= kind < _IDLE + _TRIAL,
        broken=broken,
    )


def _start(rng: random.Random, releases: Sequence[Release], day: int, *, first: bool) -> int:
    if first:
        return rng.choices(range(len(EARLIER)), list(EARLIER.values()))[0]
    newest = sum(release.day <= day for release in releases) - 1
    return newest if rng.random() < _AT_NEWEST else newest - 1


def _upgrade(rng: random.Random, release: Release, lag: float) -> float:
    if release.day < 0:
        return math.inf  # who has not taken it before the story does not begin to
    haste = 0.5 if release.version == FIX else 1.0
    return release.day + lag * haste * rng.uniform(0.5, 1.5)


def _calls(rng: random.Random) -> dict[str, float]:
    size = rng.gauss(0, 1.2)
    return {
        feature: size + mean + rng.gauss(0, 0.8)
        for feature, mean in _USUAL.items()
        if rng.random() < _USED[feature]
    }
