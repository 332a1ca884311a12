"""What became of all histories together."""

from __future__ import annotations

import time
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from tests.simulation.known import known

if TYPE_CHECKING:
    from tests.simulation.plays import Became


@dataclass(slots=True)
class Tally:
    """Sums; `failures` has the first of each invariant. With `known_too` nothing counts as known."""

    known_too: bool = False
    failures: dict[str, Became] = field(default_factory=dict)
    histories: int = 0
    _effects: int = 0
    _failed: int = 0
    _cpu: float = 0.0
    _known: Counter[str] = field(default_factory=Counter)
    _met: Counter[str] = field(default_factory=Counter)
    _begun: float = field(default_factory=time.monotonic)

    def take(self, one: Became) -> bool:
        """Count a history; return whether it is to count as a failure."""
        self.histories += 1
        self._effects += one.effects
        self._cpu += one.seconds
        self._met.update(one.met)
        if one.violation is None or one.invariant is None:
            return False
        fault = None if self.known_too else known(one.violation)
        if fault is not None:
            self._known[fault.name] += 1
            return False
        self._failed += 1
        self.failures.setdefault(one.invariant, one)
        return True

    def document(self) -> dict[str, object]:
        """Return what machines are told."""
        return {
            "histories": self.histories,
            "effects": self._effects,
            "seconds": round(self._seconds, 1),
            "cpu_seconds": round(self._cpu, 1),
            "seeds_a_second": round(self.histories / self._seconds, 1),
            "failed": self._failed,
            "failures": {
                name: {"seed": str(one.seed), "what": one.violation} for name, one in self.failures.items()
            },
            "known": dict(self._known),
            "met": dict(sorted(self._met.items())),
        }

    def line(self) -> str:
        """Return the same as a line for people."""
        rates = (
            f"{self.histories / self._seconds:.1f} a second,"
            f" {self.histories / max(0.1, self._cpu):.1f} a second of processor time"
        )
        known = "".join(f", {count} by the known fault «{name}»" for name, count in self._known.most_common())
        return (
            f"{self.histories:,} histories ({rates}), {self._effects:,} effects: {self._failed} failed{known}"
        )

    @property
    def _seconds(self) -> float:
        return max(0.1, time.monotonic() - self._begun)
