"""Which groups of deployments may be published, and how exactly. Pure: counts in, counts out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

LEAST: Final = 5
"""Groups of fewer deployments are hidden."""

STEP: Final = 5
"""Published counts are rounded to the nearest multiple of this."""

_HIDDEN_TOGETHER: Final = 2


def published(deployments: int) -> int | None:
    """Return a count as it is published; None if it is hidden."""
    return None if deployments < LEAST else (deployments + STEP // 2) // STEP * STEP


@dataclass(frozen=True, slots=True)
class Published:
    """What is published of disjoint groups: some by name, the others together (0: there are none)."""

    named: Mapping[str, int]
    others: int

    @property
    def whole(self) -> int | None:
        """What is published of all together: the sum of what is, so that it discloses nothing more."""
        return sum(self.named.values()) + self.others or None


def disjoint(groups: Mapping[str, int]) -> Published:
    """Return the groups as they are published.

    Those that are hidden are published as one sum. So one of them alone, or some that are fewer than `LEAST`
    together, would be given away: then the next smallest groups are hidden with them. If there are none,
    nothing is published.
    """
    by_size = sorted((name for name in groups if groups[name]), key=lambda name: (groups[name], name))
    hidden = [name for name in by_size if groups[name] < LEAST]
    shown = by_size[len(hidden) :]
    while hidden and shown and not _safe([groups[name] for name in hidden]):
        hidden.append(shown.pop(0))
    others = [groups[name] for name in hidden]
    named = {name: count for name in sorted(shown) if (count := published(groups[name])) is not None}
    return Published(named, (published(sum(others)) or 0) if _safe(others) else 0)


def part(deployments: int, whole: int) -> int | None:
    """Return a part of a whole as it is published; None if it is hidden, which it is if the rest would be."""
    return published(deployments) if whole - deployments >= LEAST else None


def _safe(hidden: list[int]) -> bool:
    return not hidden or (len(hidden) >= _HIDDEN_TOGETHER and sum(hidden) >= LEAST)
