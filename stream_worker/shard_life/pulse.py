"""A shard's pulse: a heartbeat in the log for alarms, and a file for the container's health check."""

from __future__ import annotations

import os
import time
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Final, Protocol

import orjson
import structlog

from stream_worker.process import health_folder

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

HEARTBEAT_SECONDS: Final = 60.0
_WRITING_SECONDS: Final = 1.0

log = structlog.get_logger("pulse")


@dataclass(frozen=True, slots=True)
class Uncommitted:
    """What a shard's owner has read but not committed, and how far it is behind the shard's tip.

    `waiting_seconds` is how long the oldest of `records` has been in memory, `oldest_arrival` when it arrived
    at Kinesis (ms since 1970 UTC); both are 0 if there is none.
    """

    records: int = 0
    waiting_seconds: float = 0.0
    oldest_arrival: int = 0
    milliseconds_behind: int = 0


@dataclass(frozen=True, slots=True)
class Beat:
    """A shard's file: which process wrote it, when (seconds since 1970), and since when a record waits."""

    shard_id: str
    pid: int
    at: float
    waiting_since: float | None

    def seconds(self, now: float) -> float:
        """Return how many seconds a record has waited or the owner has been silent: the longer of both."""
        return now - (self.at if self.waiting_since is None else min(self.at, self.waiting_since))


class Pulse(Protocol):
    """What a shard's owner reports of itself."""

    def beat(self, uncommitted: Uncommitted, received: int = 0) -> None:
        """Report a batch of `received` records, or an idle moment. Call it often."""

    def stop(self) -> None:
        """Report that the owner has released the shard in an orderly way."""


class LoggedPulse:
    """Logs a heartbeat every minute, with the fields that alarms use."""

    def __init__(self, shard_id: str, now: Callable[[], float] = time.time) -> None:
        self._shard_id = shard_id
        self._now = now
        self._received = 0
        self._next = now() + HEARTBEAT_SECONDS

    def beat(self, uncommitted: Uncommitted, received: int = 0) -> None:
        """Log a heartbeat if one is due."""
        self._received += received
        now = self._now()
        if now < self._next:
            return
        self._next = now + HEARTBEAT_SECONDS
        behind = uncommitted.milliseconds_behind / 1000
        age = max(0.0, now - uncommitted.oldest_arrival / 1000) if uncommitted.records else behind
        log.info(
            "shard.heartbeat",
            shard_id=self._shard_id,
            records_received=self._received,
            oldest_uncommitted_seconds=round(age, 1),
            milliseconds_behind=uncommitted.milliseconds_behind,
        )
        self._received = 0

    def stop(self) -> None:
        """Do nothing: there is no last heartbeat to log."""


class FiledPulse(LoggedPulse):
    """Also keeps a file in `folder`, replaced atomically, for the health check."""

    def __init__(self, shard_id: str, folder: Path, now: Callable[[], float] = time.time) -> None:
        super().__init__(shard_id, now)
        self._file = folder / f"{shard_id}.json"
        self._next_write = 0.0
        self.beat(Uncommitted())

    def beat(self, uncommitted: Uncommitted, received: int = 0) -> None:
        """Replace the file, at most once a second."""
        super().beat(uncommitted, received)
        now = self._now()
        if now < self._next_write:
            return
        self._next_write = now + _WRITING_SECONDS
        since = now - uncommitted.waiting_seconds if uncommitted.records else None
        beat = Beat(self._shard_id, os.getpid(), now, since)
        health_folder.replace(self._file, orjson.dumps(asdict(beat)))

    def stop(self) -> None:
        """Remove the file."""
        self._file.unlink(missing_ok=True)


def beats(folder: Path) -> list[Beat]:
    """Return the shards' files in `folder`; one that disappears meanwhile is left out."""
    found = (decoded(health_folder.read(file)) for file in sorted(folder.glob("shardId-*.json")))
    return [beat for beat in found if beat is not None]


def decoded(body: bytes | None) -> Beat | None:
    """Return a shard's file decoded; None if it is not one."""
    try:
        match orjson.loads(body or b""):
            case {
                "shard_id": str() as shard_id,
                "pid": int() as pid,
                "at": float() | int() as at,
                "waiting_since": None | float() | int() as since,
                **more,
            } if not more:
                return Beat(shard_id, pid, at, since)
    except orjson.JSONDecodeError:
        pass
    return None
