"""What the publisher needs of a stream, and a stream in memory for the tests."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from threading import Lock
from typing import Protocol

from ingest_api.batch import Entry


@dataclass(frozen=True, slots=True)
class Stored:
    """The stream acknowledged the record, at this position."""

    shard_id: str
    sequence_number: str


@dataclass(frozen=True, slots=True)
class Refused:
    """The stream did not store the record, or gave no sane answer; `code` is for the log."""

    code: str


Fate = Stored | Refused


class CallFailedError(Exception):
    """The whole call failed, and the fates of its records are unknown; `code` is for the log."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class Stream(Protocol):
    """The two calls that the edge makes."""

    def put(self, entries: Sequence[Entry]) -> Sequence[Fate]:
        """Return each record's fate, in order; raise `CallFailedError` when none is known."""

    def status(self) -> str:
        """Return the stream's status, such as `ACTIVE`; raise `CallFailedError`."""


@dataclass(slots=True)
class MemoryStream:
    """A stream in memory: `answer` says what becomes of a call, as a real stream would."""

    answer: Callable[[Sequence[Entry]], Sequence[Fate]] | None = None
    state: str = "ACTIVE"
    calls: list[list[bytes]] = field(default_factory=list)
    _lock: Lock = field(default_factory=Lock)

    def put(self, entries: Sequence[Entry]) -> Sequence[Fate]:
        """Note the call, then answer it; without `answer` everything is stored."""
        with self._lock:
            self.calls.append([entry.data for entry in entries])
            number = len(self.calls)
        if self.answer is not None:
            return self.answer(entries)
        return [Stored("shardId-000000000000", f"{number}{place:03}") for place in range(len(entries))]

    def status(self) -> str:
        """Return `state`."""
        return self.state
