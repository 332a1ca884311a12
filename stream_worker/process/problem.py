"""A problem in the lake, and where it is."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from schemas.printable import printable


class Kind(StrEnum):
    """The kind of a problem, for code and machines; its `what` is for people only."""

    BREAK = "break"
    """A segment is missing between two of a chain."""

    HEADLESS = "headless"
    """A chain begins after its shard does: its first segments are missing, or have expired."""

    FORGOTTEN = "forgotten"
    """Records after a chain's end may have expired on the stream before they were committed."""

    LAG = "lag"
    """A record is not committed yet."""

    FOREIGN = "foreign"
    """An object that the worker's commands did not write."""

    DAMAGE = "damage"
    """Anything else: an object is not what was written."""


_GAPS = frozenset({Kind.BREAK, Kind.HEADLESS, Kind.FORGOTTEN})


@dataclass(frozen=True, slots=True)
class Problem:
    """`what` in words, and the first shard, position and key where it shows, if it has them."""

    what: str
    shard_id: str | None = None
    position: str | None = None
    key: str | None = None
    kind: Kind = Kind.DAMAGE

    @property
    def is_gap(self) -> bool:
        """True if something is missing, rather than wrong."""
        return self.kind in _GAPS

    def __str__(self) -> str:
        """Return it as a line for people."""
        fields = (("shard", self.shard_id), ("after", self.position), ("key", self.key))
        where = ", ".join(f"{name} {value}" for name, value in fields if value)
        return printable(f"{self.what} ({where})" if where else self.what)
