"""The health of the worker on this machine, as its files show it to another process."""

from __future__ import annotations

import re
import stat
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Final

import orjson

from stream_worker.process import health_folder
from stream_worker.process.errors import SetupError
from stream_worker.shard_life.pulse import beats, decoded

if TYPE_CHECKING:
    from pathlib import Path

START_SECONDS: Final = 120.0
"""How long a daemon counts as starting while it holds no shard; after that it is healthy without one."""

_WORKER: Final = "worker.json"
_NAMES: Final = re.compile(r"(worker|shardId-\d+)\.(json|new)")


class Status(StrEnum):
    """The states of a worker; the first two are well."""

    STARTING = "starting"
    HEALTHY = "healthy"
    STUCK = "stuck"
    ABSENT = "absent"


@dataclass(frozen=True, slots=True)
class Health:
    """A worker's state; `oldest_uncommitted_seconds` is how long a record waits or a shard is silent."""

    status: Status
    shards: int = 0
    oldest_uncommitted_seconds: float = 0.0
    shard_id: str | None = None

    @property
    def well(self) -> bool:
        """True if the container should not be restarted."""
        return self.status in {Status.STARTING, Status.HEALTHY}


def clear(folder: Path) -> None:
    """Create `folder`, or remove an earlier worker's files from it; other files are left alone.

    Raises `SetupError` if other users can write to the folder, or if a file there has the name of a worker's
    file but is not one.
    """
    health_folder.claim(folder)
    left = [file for file in sorted(folder.iterdir()) if _NAMES.fullmatch(file.name)]
    for file in left:
        if not _is_own(file):
            raise SetupError(
                f"{file} has the name of a worker's file but is not one: move it away, or set "
                "METRICS_HEALTH_FOLDER to a folder that only the worker uses"
            )
    for file in left:
        file.unlink(missing_ok=True)


def announce(folder: Path, now: float) -> None:
    """Clear `folder` and record in it that a worker starts."""
    clear(folder)
    health_folder.replace(folder / _WORKER, orjson.dumps({"started": now}))


def withdraw(folder: Path) -> None:
    """Record in `folder` that no worker runs."""
    (folder / _WORKER).unlink(missing_ok=True)


def read_health(folder: Path, now: float, limit: float) -> Health:
    """Return the health of the worker that keeps its files in `folder`.

    A shard is stuck when its oldest record has waited for more than `limit` seconds, or when its owner has
    not written its file for so long. A quiet shard is neither: its owner is called without records and writes
    the file. Raises `SetupError` if another user can have written what is there.
    """
    health_folder.check(folder)
    started = _started(health_folder.read(folder / _WORKER))
    if started is None:
        return Health(Status.ABSENT)
    held = beats(folder)
    if not held:
        return Health(Status.STARTING if now - started < START_SECONDS else Status.HEALTHY)
    worst = max(held, key=lambda beat: beat.seconds(now))
    seconds = worst.seconds(now)
    status = Status.STUCK if seconds > limit else Status.HEALTHY
    return Health(status, len(held), round(seconds, 1), worst.shard_id)


def _is_own(file: Path) -> bool:
    """Return whether a file with a worker's file name is one; a `.new` may be partly written."""
    if file.suffix == ".new":
        return stat.S_ISREG(file.lstat().st_mode)
    body = health_folder.read(file)
    return (_started(body) if file.name == _WORKER else decoded(body)) is not None


def _started(body: bytes | None) -> float | None:
    try:
        match orjson.loads(body or b""):
            case {"started": float() | int() as started}:
                return started
    except orjson.JSONDecodeError:
        pass
    return None
