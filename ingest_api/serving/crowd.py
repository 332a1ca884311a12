"""All connections of the server: who waits since when, who makes place, and what was done to strangers."""

from collections import Counter, OrderedDict
from typing import Generic, Protocol, TypeVar


class Member(Protocol):
    """What a crowd is made of."""

    def cut_off(self) -> None:
        """End it now, and have the crowd forget it."""


M = TypeVar("M", bound=Member)


class Crowd(Generic[M]):
    """The connections, and of those that the server waits for, the order in which they began to wait."""

    def __init__(self, places: int) -> None:
        self._places = places
        self.all: set[M] = set()
        self.new: OrderedDict[M, None] = OrderedDict()
        """Those that have had no answer yet, or whose answer or request does not get on."""
        self.idle: OrderedDict[M, None] = OrderedDict()
        """Those that have had an answer and are between two requests."""
        self._counts: Counter[str] = Counter()

    def admit(self, connection: M) -> bool:
        """Take a connection in; False if all places are taken by those that wait for the stream.

        When there is no place, the one that has waited longest without an answer is cut off, or else the one
        that has been idle longest: a client opens another one for its next report.
        """
        if len(self.all) >= self._places:
            waiting = self.new or self.idle
            if not waiting:
                self.count("refused")
                return False
            self.count("evicted")
            next(iter(waiting)).cut_off()
        self.all.add(connection)
        return True

    def waits(self, connection: M, *, idle: bool) -> None:
        """Take note that the server waits for this connection from now on."""
        queue, other = (self.idle, self.new) if idle else (self.new, self.idle)
        other.pop(connection, None)
        queue[connection] = None
        queue.move_to_end(connection)

    def is_served(self, connection: M) -> None:
        """Take note that this connection waits for the server."""
        self.new.pop(connection, None)
        self.idle.pop(connection, None)

    def forget(self, connection: M) -> None:
        """Take note that this connection is gone."""
        self.is_served(connection)
        self.all.discard(connection)

    def count(self, what: str) -> None:
        """Count something that was done to a connection: `refused`, `evicted`, or the state it stayed in."""
        self._counts[what.lower()] += 1

    def take_counts(self) -> dict[str, int]:
        """Return the counts since they were taken last."""
        counts, self._counts = dict(self._counts), Counter()
        return counts
