"""The group commit: requests submit records, a few sender threads put them on the stream together."""

import random
import time
from collections import Counter
from collections.abc import Callable, Sequence
from threading import Condition, Lock, Thread
from typing import Final

import structlog

from ingest_api.batch import GATHERING, LINGER, MAX_RECORDS, Crowd, Entry, Queue, backoff
from ingest_api.stream import CallFailedError, Fate, Refused, Stored, Stream

SENDERS: Final = 4
"""Calls to Kinesis under way at once."""

WAITING: Final = 4096
"""Records that may wait for the stream at once: twice what the senders carry in one round of full calls."""

WAITING_BYTES: Final = 8 * 1024 * 1024
"""Bytes of them: a thousand of the longest bodies, or all of `WAITING` if they are ordinary reports."""

_log = structlog.get_logger()


class UnavailableError(Exception):
    """The record was not acknowledged in time; try again after `retry_after` seconds.

    If it was sent and no answer came, it may be on the stream nevertheless.
    """

    def __init__(self, reason: str, retry_after: int) -> None:
        super().__init__(reason)
        self.retry_after = retry_after


class Publisher:
    """Puts records on a stream, many at a time, and settles each with a fate of its own."""

    def __init__(  # noqa: PLR0913 - two bounds, and what a test puts in place of the clock
        self,
        stream: Stream,
        *,
        seconds: float,
        waiting: int = WAITING,
        waiting_bytes: int = WAITING_BYTES,
        clock: Callable[[], float] = time.monotonic,
        draw: Callable[[], float] = random.random,
    ) -> None:
        self._stream = stream
        self._seconds = seconds
        self._room = waiting
        self._room_bytes = waiting_bytes
        self._clock = clock
        self._draw = draw
        self._queue = Queue()
        self._crowd = Crowd()
        self._calls = 0
        self._ask_at: float | None = None
        self._called = False
        self._closed = False
        self._failed_at: float | None = None
        self._mutex = Lock()
        self._work = Condition(self._mutex)
        self._senders = [
            Thread(target=self._send, name=f"sender-{number}", daemon=True) for number in range(SENDERS)
        ]
        for sender in self._senders:
            sender.start()

    @property
    def failed_at(self) -> float | None:
        """When a call last failed as a whole, on the publisher's clock; None once one has succeeded since."""
        return self._failed_at

    @property
    def seconds(self) -> float:
        """How long a record may take from `submit` until it is settled."""
        return self._seconds

    def submit(self, data: bytes, partition_key: str) -> Entry:
        """Take a record; it is settled within about `seconds`: see `record_id`.

        Does not wait. Raises `UnavailableError` if too much waits already.
        """
        now = self._clock()
        entry = Entry(data, partition_key, now, now + self._seconds)
        with self._mutex:
            if self._closed:
                raise UnavailableError("the edge is stopping", self._retry_after())
            if not self._room or entry.size > self._room_bytes:
                raise UnavailableError("too many reports wait for the stream", self._retry_after())
            self._room -= 1
            self._room_bytes -= entry.size
            self._queue.add(entry)
            self._call_sender(now)
        return entry

    def record_id(self, entry: Entry) -> str:
        """Return the record's id, `<shard>:<sequence number>`, if the stream has acknowledged it.

        Raises `UnavailableError` if not. To be asked once, when the entry is settled or its time is over.
        """
        if entry.record_id is None:
            raise UnavailableError("the stream did not take the report in time", self._retry_after())
        return entry.record_id

    def close(self) -> None:
        """Take nothing more, send what was taken, and return when every record has its fate."""
        with self._mutex:
            self._closed = True
            self._work.notify_all()
        for sender in self._senders:
            sender.join()

    def _retry_after(self) -> int:
        """Spread the next tries, so that those refused together do not come back together."""
        return 5 + int(self._draw() * 25)

    def _call_sender(self, now: float) -> None:
        """Wake a sender, unless one will look at the queue soon enough by itself; the mutex is held."""
        timed = self._ask_at is not None and self._ask_at <= now + self._linger
        if self._called or (timed and len(self._queue) < self._enough(now)):
            return
        self._called = True
        self._work.notify()

    def _enough(self, now: float) -> int:
        """Return how many records make a call worth while now: any number when no other is expected."""
        return MAX_RECORDS if self._calls else self._crowd.expected(now)

    @property
    def _linger(self) -> float:
        return LINGER if self._calls else GATHERING

    def _send(self) -> None:
        while batch := self._next():
            try:
                settled = list(zip(batch, self._stream.put(batch), strict=True))
            except CallFailedError as error:
                self._settle([(entry, Refused(error.code)) for entry in batch], failed=True)
            except Exception as error:  # noqa: BLE001 - a sender must outlive whatever a call may raise
                self._settle([(entry, Refused(type(error).__name__)) for entry in batch], failed=True)
            else:
                self._settle(settled, failed=False)

    def _next(self) -> list[Entry]:
        """Wait for records to send; an empty list means that the publisher is closed and empty."""
        with self._mutex:
            while True:
                now = self._clock()
                self._called = False
                step = self._queue.next(now, self._enough(now), self._linger)
                self._free(step.overdue)
                for entry in step.overdue:
                    entry.settle()
                if step.batch:
                    self._calls += 1
                    if len(self._queue):
                        self._call_sender(now)
                    return step.batch
                if self._closed and not len(self._queue) and not self._calls:
                    self._work.notify_all()
                    return []
                self._wait(step.ask_at, now)

    def _wait(self, ask_at: float | None, now: float) -> None:
        """Wait for a call, or until `ask_at`; of several senders one alone keeps the time."""
        if ask_at is None or (self._ask_at is not None and self._ask_at <= ask_at):
            self._work.wait()
            return
        self._ask_at = ask_at
        self._work.wait(ask_at - now)
        if self._ask_at == ask_at:
            self._ask_at = None

    def _free(self, entries: Sequence[Entry]) -> None:
        """Give back the room of entries that are out of the queue; the mutex is held."""
        self._room += len(entries)
        self._room_bytes += sum(entry.size for entry in entries)

    def _settle(self, fates: Sequence[tuple[Entry, Fate]], *, failed: bool) -> None:
        """Wake the requests whose records are stored, and put the refused ones back."""
        stored: list[Entry] = []
        refused: list[Entry] = []
        codes: Counter[str] = Counter()
        for entry, fate in fates:
            if isinstance(fate, Stored):
                entry.record_id = f"{fate.shard_id}:{fate.sequence_number}"
                stored.append(entry)
            else:
                entry.tries += 1
                refused.append(entry)
                codes[fate.code] += 1
        now = self._clock()
        draw = self._draw() if refused else 0.0
        with self._mutex:
            self._calls -= 1
            self._crowd.call_ended(now, len(fates) + len(self._queue))
            self._failed_at = now if failed else None
            lost = [
                entry for entry in refused if not self._queue.retry(entry, now + backoff(entry.tries, draw))
            ]
            self._free(stored)
            self._free(lost)
        for entry in (*stored, *lost):
            entry.settle()
        if refused:
            _log.warning("publish.failed", records=len(fates), refused=len(refused), codes=dict(codes))
