"""The order of versions: by semantic version, and whatever else a lake may hold beside them."""

from __future__ import annotations

import re
from typing import Final

_PARTS: Final = re.compile(r"([0-9]+)")


def newer(version: str) -> tuple[object, ...]:
    """Return a sort key: older first, a pre-release before its release; build metadata does not count."""
    release = version.partition("+")[0]
    core, dash, rest = release.partition("-")
    return (_natural(core), not dash, _natural(rest), release)


def _natural(text: str) -> tuple[tuple[int, int, str], ...]:
    """Split a text so that its numbers compare as numbers, and before words."""
    parts = [part for part in _PARTS.split(text) if part]
    return tuple((0, int(part), "") if _PARTS.fullmatch(part) else (1, 0, part) for part in parts)
