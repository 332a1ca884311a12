"""Something that is wrong with the lake, and where."""

from __future__ import annotations

from dataclasses import dataclass

from schemas.printable import printable


@dataclass(frozen=True, slots=True)
class Problem:
    """`what` in words, and the first shard, position and key at which it is seen, where it has them."""

    what: str
    shard_id: str | None = None
    position: str | None = None
    key: str | None = None

    @property
    def is_gap(self) -> bool:
        """Whether something is missing, rather than wrong."""
        return self.what.startswith("gap")

    def __str__(self) -> str:
        """Return it as a line for people."""
        places = (("shard", self.shard_id), ("after", self.position), ("key", self.key))
        where = ", ".join(f"{name} {place}" for name, place in places if place)
        return printable(f"{self.what} ({where})" if where else self.what)
