"""All connections of the server: who waits since when, who makes place, and what was done to strangers."""

from collections import Counter, OrderedDict
from typing import Generic, Protocol, TypeVar

from ingest_api.serving.state import EVICTED_FIRST, State


class Member(Protocol):
    """What a crowd is made of."""

    since: float
    """When it began to wait as it does now, in seconds."""
    deadline: float
    """When that wait ends at the latest."""

    def cut_off(self) -> None:
        """End it now, and have the crowd forget it."""


M = TypeVar("M", bound=Member)


class Crowd(Generic[M]):
    """The connections, each in the queue of its state, the longest wait first.

    All waits of a state are equally long, so the first of a queue has the earliest deadline: to find those
    whose time is over costs nothing for the thousands whose time is not.
    """

    def __init__(self, capacity: int) -> None:
        self._capacity = capacity
        # The stream's first: a client that waits for it has sent a report. It must not be late because
        # thousands are.
        self._queues: dict[State, OrderedDict[M, None]] = {
            state: OrderedDict() for state in (State.STREAM, *State)
        }
        self.all: dict[M, State] = {}
        """Each connection, and the queue it is in; BETWEEN means none."""
        self._counts: Counter[str] = Counter()

    def admit(self, connection: M) -> bool:
        """Take a connection in; False if all places are taken by those that wait for the stream.

        When there is no place, the one that has waited longest without an answer is cut off, or else the one
        that has been idle longest: a client opens another one for its next report.
        """
        if len(self.all) >= self._capacity:
            waiting = [next(iter(self._queues[state])) for state in EVICTED_FIRST if self._queues[state]]
            if not waiting and self._queues[State.IDLE]:
                waiting = [next(iter(self._queues[State.IDLE]))]
            if not waiting:
                self.count("refused")
                return False
            self.count("evicted")
            min(waiting, key=lambda member: member.since).cut_off()
        self.all[connection] = State.BETWEEN
        return True

    def queue(self, connection: M, state: State) -> None:
        """Have a connection wait, from now on, behind all others of the state; one that is gone does not."""
        if connection not in self.all:
            return
        self._queues[self.all[connection]].pop(connection, None)
        self._queues[state][connection] = None
        self.all[connection] = state

    def overdue(self, now: float) -> M | None:
        """Take one whose deadline has come out of its queue, and return it; None if there is none."""
        for queue in self._queues.values():
            if queue and (first := next(iter(queue))).deadline <= now:
                del queue[first]
                return first
        return None

    def forget(self, connection: M) -> None:
        """Take note that this connection is gone."""
        state = self.all.pop(connection, None)
        if state is not None:
            self._queues[state].pop(connection, None)

    def count(self, what: str) -> None:
        """Count something that was done to a connection: `refused`, `evicted`, or the state it stayed in."""
        self._counts[what.lower()] += 1

    def take_counts(self) -> dict[str, int]:
        """Return the counts since they were taken last."""
        counts, self._counts = dict(self._counts), Counter()
        return counts
