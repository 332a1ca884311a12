"""Which records to send next: the decisions of the group commit, without clock, thread or network."""

from collections import deque
from dataclasses import dataclass, field
from heapq import heappop, heappush
from itertools import count
from typing import Final

from ingest_api.settlement import Settlement

MAX_RECORDS: Final = 500
"""Records that one PutRecords takes."""

MAX_BYTES: Final = 1024 * 1024
"""Data and partition keys in one PutRecords. Kinesis takes five times as much, but a call is encoded, signed
and sent as several copies; 500 reports have 150 kB, so that only oversized bodies meet this bound."""

LINGER: Final = 0.005
"""Seconds a record may wait for company while a call is under way."""

GATHERING: Final = 0.010
"""The same when a call has just ended, for the clients it answered: they send again together. A busy edge
reads 64 requests in 5 ms; with less than this it would send them in two calls, at the price of two."""

FIRST_BACKOFF: Final = 0.05
LONGEST_BACKOFF: Final = 1.0


@dataclass(slots=True, eq=False)
class Entry(Settlement):
    """One record and its fate; times are seconds on the caller's clock.

    Mutable: when it is settled, `record_id` is `<shard>:<sequence number>` if Kinesis has acknowledged the
    record, and None if it has not.
    """

    data: bytes
    partition_key: str
    taken_at: float
    deadline: float
    tries: int = 0
    record_id: str | None = None
    size: int = field(init=False)
    """Bytes of the record as Kinesis counts them."""

    def __post_init__(self) -> None:
        self.size = len(self.data) + len(self.partition_key.encode())


@dataclass(frozen=True, slots=True)
class Next:
    """Send `batch` now; when it is empty, ask again at `ask_at`, or when a record comes (None).

    `overdue` are records that are not sent any more.
    """

    batch: list[Entry]
    ask_at: float | None = None
    overdue: list[Entry] = field(default_factory=list)


class Crowd:
    """How many records come together, going by the calls that ended just now.

    Clients whose answers come together send again together. Without waiting for them they would fall into
    two groups that take turns, and each call, which costs as much as dozens of records, would carry half.
    """

    def __init__(self) -> None:
        self._size = 0
        self._until = 0.0

    def call_ended(self, now: float, records: int) -> None:
        """Learn that a call ended at `now`, and that `records` were in it or waited behind it."""
        self._size = max(records, self._size * 9 // 10)
        self._until = now + GATHERING

    def expected(self, now: float) -> int:
        """Return how many records are worth a wait; 0 when no call ended lately."""
        return self._size if now < self._until else 0


class Queue:
    """The records that wait: new ones in order of arrival, refused ones until their next try."""

    def __init__(self) -> None:
        self._new: deque[Entry] = deque()
        self._refused: list[tuple[float, int, Entry]] = []
        self._order = count()

    def __len__(self) -> int:
        return len(self._new) + len(self._refused)

    def add(self, entry: Entry) -> None:
        """Take a new record."""
        self._new.append(entry)

    def retry(self, entry: Entry, at: float) -> bool:
        """Take a refused record for a further try at `at`; False if its deadline comes before that."""
        if at >= entry.deadline:
            return False
        heappush(self._refused, (at, next(self._order), entry))
        return True

    def next(self, now: float, enough: int, linger: float = LINGER) -> Next:
        """Decide what to send at `now`; fewer records than `enough` wait `linger` seconds for company.

        Records whose deadline is over are not sent; they come back as `overdue`. A full batch never lingers,
        and a record that is tried again has lingered long enough.
        """
        while self._refused and self._refused[0][0] <= now:
            self._new.appendleft(heappop(self._refused)[2])
        overdue: list[Entry] = []
        while self._new and self._new[0].deadline <= now:
            overdue.append(self._new.popleft())
        later = self._refused[0][0] if self._refused else None
        if not self._new:
            return Next([], later, overdue)
        lingers_until = self._new[0].taken_at + linger
        if now < lingers_until and len(self._new) < enough:
            return Next([], lingers_until if later is None else min(lingers_until, later), overdue)
        return Next(self._take(now, overdue), None, overdue)

    def _take(self, now: float, overdue: list[Entry]) -> list[Entry]:
        batch: list[Entry] = []
        room = MAX_BYTES
        while self._new and len(batch) < MAX_RECORDS and self._new[0].size <= room:
            entry = self._new.popleft()
            if entry.deadline <= now:
                overdue.append(entry)
            else:
                batch.append(entry)
                room -= entry.size
        return batch


def backoff(tries: int, draw: float) -> float:
    """Return the seconds to wait after the `tries`-th refusal; `draw`, 0 to 1, is the jitter."""
    longest = min(LONGEST_BACKOFF, FIRST_BACKOFF * 2.0 ** min(tries - 1, 10))
    return longest * (0.5 + draw / 2)
