"""The story's releases: versions that come out while it goes on, and those that were out before."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

EARLIER: Final = {"1.8.2": 0.15, "1.9.0": 0.25, "1.9.1": 0.6}
"""What the fleet runs when the story begins, oldest first, and by which share of it."""

BAD: Final = "2.1.0"
FIX: Final = "2.1.1"
"""The bad release, whose grants fail; and the one that fixes them, and the broken client too."""

_LAST: Final = "2.2.0"

MENDED: Final = (FIX, _LAST)
"""The versions in which both are fixed."""

_CHAPTERS: Final = {"2.0.0": 0.12, BAD: 0.55, FIX: 0.7, _LAST: 0.85}
"""Which part of the days has passed when a version comes out."""


@dataclass(frozen=True, slots=True)
class Release:
    """A version, and on which day of the story it comes out: 0 is the first, below are those before it."""

    version: str
    day: int


def releases(days: int) -> list[Release]:
    """Return the releases of a story of so many days, oldest first; a short one has fewer."""
    earlier = [Release(version, place - len(EARLIER)) for place, version in enumerate(EARLIER)]
    coming = [Release(version, int(share * days)) for version, share in _CHAPTERS.items()]
    return earlier + [release for release in coming if release.day > 0]
