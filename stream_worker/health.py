"""The health of a worker on this machine, judged from outside by the files that it keeps."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Final

import orjson

from stream_worker.pulse import beats

if TYPE_CHECKING:
    from pathlib import Path

START_SECONDS: Final = 120.0
"""How long a daemon may take until it holds a shard; one that finds none to hold is well."""

_WORKER: Final = "worker.json"


class Status(StrEnum):
    """What the health check says; the first two are well."""

    STARTING = "starting"
    HEALTHY = "healthy"
    STUCK = "stuck"
    ABSENT = "absent"


@dataclass(frozen=True, slots=True)
class Health:
    """A judgement: `oldest_uncommitted_seconds` is the longest that a record, or a shard, has waited."""

    status: Status
    shards: int = 0
    oldest_uncommitted_seconds: float = 0.0
    shard_id: str | None = None

    @property
    def well(self) -> bool:
        """Whether the container should be left alone."""
        return self.status in {Status.STARTING, Status.HEALTHY}


def announce(folder: Path, now: float) -> None:
    """Say in `folder`, emptied, that a worker starts."""
    folder.mkdir(parents=True, exist_ok=True)
    for left in folder.glob("*.json"):
        left.unlink(missing_ok=True)
    fresh = folder / f"{_WORKER}.new"
    fresh.write_bytes(orjson.dumps({"started": now}))
    fresh.replace(folder / _WORKER)


def withdraw(folder: Path) -> None:
    """Say in `folder` that no worker runs."""
    (folder / _WORKER).unlink(missing_ok=True)


def judge(folder: Path, now: float, limit: float) -> Health:
    """Judge the worker that keeps its files in `folder`.

    A shard is stuck when its oldest record has waited for more than `limit` seconds, or when its owner has
    not been heard of for so long. A quiet shard is neither: its owner is called with nothing, and says so.
    """
    try:
        started = orjson.loads((folder / _WORKER).read_bytes())["started"]
    except FileNotFoundError:
        return Health(Status.ABSENT)
    held = beats(folder)
    if not held:
        return Health(Status.STARTING if now - started < START_SECONDS else Status.HEALTHY)
    worst = max(held, key=lambda beat: beat.seconds(now))
    seconds = worst.seconds(now)
    status = Status.STUCK if seconds > limit else Status.HEALTHY
    return Health(status, len(held), round(seconds, 1), worst.shard_id)
