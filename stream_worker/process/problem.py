"""Something that is wrong with the lake, and where."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from schemas.printable import printable


class Kind(StrEnum):
    """What a problem is, for code and machines; its words are for people alone."""

    BREAK = "break"
    """Between two segments of a chain one is missing."""

    HEADLESS = "headless"
    """A chain begins after its shard does: what was before it is missing, or has expired."""

    FORGOTTEN = "forgotten"
    """What arrived after a chain's end may have left the stream before it was committed."""

    LAG = "lag"
    """A record is not committed yet."""

    FOREIGN = "foreign"
    """An object that none of the worker's commands has written."""

    DAMAGE = "damage"
    """Anything else: what is there is not what was written."""


_GAPS = frozenset({Kind.BREAK, Kind.HEADLESS, Kind.FORGOTTEN})


@dataclass(frozen=True, slots=True)
class Problem:
    """`what` in words, and the first shard, position and key at which it is seen, where it has them."""

    what: str
    shard_id: str | None = None
    position: str | None = None
    key: str | None = None
    kind: Kind = Kind.DAMAGE

    @property
    def is_gap(self) -> bool:
        """Whether something is missing, rather than wrong."""
        return self.kind in _GAPS

    def __str__(self) -> str:
        """Return it as a line for people."""
        places = (("shard", self.shard_id), ("after", self.position), ("key", self.key))
        where = ", ".join(f"{name} {place}" for name, place in places if place)
        return printable(f"{self.what} ({where})" if where else self.what)
