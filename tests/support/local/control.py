"""The emulator's controls as a test has them: faults on demand, and the calls it has seen."""

from __future__ import annotations

from collections import Counter
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

from infra.local.emulator.control import ask

if TYPE_CHECKING:
    from collections.abc import Iterator

    from infra.local.emulator.fault import Fault


@dataclass
class Sabotage:
    """The plan that a test has set. It can be replaced; afterwards `hits` are those of the last one."""

    url: str
    report: dict[str, Any] = field(default_factory=dict)
    cleared: bool = False

    def set(self, *plan: Fault) -> None:
        """Replace the plan; what hangs by the one before goes on at once."""
        self.report = ask(self.url, "POST", "/_faults", [asdict(fault) for fault in plan])

    def clear(self) -> None:
        """End all faults."""
        if not self.cleared:
            self.report = ask(self.url, "DELETE", "/_faults")
        self.cleared = True

    @property
    def hits(self) -> list[int]:
        """How often each fault has struck, in the order of the plan."""
        if not self.cleared:
            self.report = ask(self.url, "GET", "/_faults")
        assert self.report["overfull"] == 0, "more requests hung than the emulator lets hang"
        return [fault["hits"] for fault in self.report["faults"]]


@contextmanager
def faults(url: str, *plan: Fault) -> Iterator[Sabotage]:
    """Let a cloud meet these faults until the context ends."""
    sabotage = Sabotage(url)
    sabotage.set(*plan)
    try:
        yield sabotage
    finally:
        sabotage.clear()


def calls(url: str) -> dict[tuple[str, str, str], int]:
    """Return how often a cloud was asked for each (service, operation, resource) since `forget_calls`."""
    found: Counter[tuple[str, str, str]] = Counter()
    for one in ask(url, "GET", "/_calls"):
        found[one["service"], one["operation"], one["resource"]] += one["count"]
    return dict(found)


def calls_of(url: str, caller: str) -> set[tuple[str, str, str]]:
    """Return the (service, operation, resource) that a cloud was asked for with this access key."""
    return {
        (one["service"], one["operation"], one["resource"])
        for one in ask(url, "GET", "/_calls")
        if one["caller"] == caller
    }


def forget_calls(url: str) -> None:
    ask(url, "DELETE", "/_calls")
