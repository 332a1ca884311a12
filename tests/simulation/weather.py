"""What goes wrong and how often, while things may go wrong: drawn from each process's own chance."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from tests.simulation.world import Fate

if TYPE_CHECKING:
    from tests.simulation.world import Actor

_READS: Final = ((Fate.REFUSED, 6), (Fate.HANGS, 1))
_WRITES: Final = ((Fate.REFUSED, 4), (Fate.LOST, 5), (Fate.LATE, 3), (Fate.HANGS, 1))
_PROCESS: Final = (
    (Fate.CRASH_BEFORE, 2),
    (Fate.CRASH_AFTER, 3),
    (Fate.STALL_BEFORE, 5),
    (Fate.STALL_AFTER, 2),
)


@dataclass(slots=True)
class Outage:
    """A service that mostly fails, from one moment to another."""

    service: str
    since: float
    until: float


@dataclass(slots=True)
class Weather:
    """`faults` and `ends` are how likely a request fails and a process ends or stalls at a request."""

    faults: float = 0.0
    ends: float = 0.0
    slowness: float = 0.2
    answers_late: float = 0.2
    outages: list[Outage] = field(default_factory=list)

    def fate(self, actor: Actor, service: str, *, writes: bool) -> Fate:
        """Draw what becomes of a request."""
        world, chance = actor.world, actor.random
        if actor.crash_at and actor.effects >= actor.crash_at:
            actor.crash_at = 0
            return chance.choice((Fate.CRASH_BEFORE, Fate.CRASH_AFTER))
        if world.calm:
            return Fate.FINE
        drawn = chance.random()
        if actor.frail and drawn < self.ends:
            return _draw(actor, _PROCESS)
        likely = self.faults
        for outage in self.outages:
            if outage.service == service and outage.since <= world.now < outage.until:
                likely = 0.7
        if drawn > 1 - likely:
            return _draw(actor, _WRITES if writes else _READS)
        return Fate.FINE


def _draw(actor: Actor, among: tuple[tuple[Fate, int], ...]) -> Fate:
    fates, weights = zip(*among, strict=True)
    drawn: Fate = actor.random.choices(fates, weights)[0]
    return drawn
