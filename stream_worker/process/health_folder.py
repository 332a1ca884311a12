"""The folder of a worker's health files: made and checked for one user, without following links."""

from __future__ import annotations

import os
import stat
from pathlib import Path
from typing import TYPE_CHECKING, Final

from stream_worker.process.errors import OutageError, SetupError

if TYPE_CHECKING:
    from collections.abc import Mapping

_OTHERS_WRITE: Final = stat.S_IWGRP | stat.S_IWOTH
_REMEDY: Final = (
    "set METRICS_HEALTH_FOLDER to a folder that does not exist yet, for the worker and `stream-worker health`"
)


def default(environ: Mapping[str, str]) -> Path:
    """Return `metrics-worker-UID` in TMPDIR or /tmp, so that each user has one.

    Unlike Python's `tempfile`, it does not test which folder is writable: the worker and its health check
    must find the same one, even when a disk is full.
    """
    return Path(environ.get("TMPDIR") or "/tmp") / f"metrics-worker-{os.geteuid()}"  # noqa: S108 - see `claim`


def claim(folder: Path) -> None:
    """Make the folder for this user alone, or check that it is; raise `SetupError` if it cannot be used."""
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise SetupError(f"{folder} cannot be made ({error.strerror}): {_REMEDY}") from error
    check(folder)
    if not os.access(folder, os.W_OK | os.X_OK):
        raise SetupError(f"{folder} cannot be written to: {_REMEDY}")


def check(folder: Path) -> None:
    """Raise `SetupError` if another user may have put something into the folder; a missing folder is fine."""
    try:
        found = folder.lstat()
    except FileNotFoundError:
        return
    except OSError as error:
        raise SetupError(f"{folder} cannot be read ({error.strerror}): {_REMEDY}") from error
    if stat.S_ISLNK(found.st_mode):
        raise SetupError(f"{folder} is a symbolic link, which is not followed here: {_REMEDY}")
    if not stat.S_ISDIR(found.st_mode):
        raise SetupError(f"{folder} is not a folder: {_REMEDY}")
    if found.st_uid != os.geteuid():
        raise SetupError(f"{folder} belongs to user {found.st_uid}, not to {os.geteuid()}: {_REMEDY}")
    if found.st_mode & _OTHERS_WRITE:
        raise SetupError(f"others can write to {folder}: `chmod go-w` it if it is yours, or {_REMEDY}")


def read(file: Path) -> bytes | None:
    """Return a file's content; None if it is missing, a symbolic link, or not a regular file."""
    try:
        opened = os.open(file, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError:
        return None
    with os.fdopen(opened, "rb") as content:
        return content.read() if stat.S_ISREG(os.fstat(opened).st_mode) else None


def replace(file: Path, body: bytes) -> None:
    """Replace a file atomically for its readers; raise `OutageError` if it cannot be written."""
    fresh = _temporary_of(file)
    flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW | os.O_CLOEXEC
    try:
        with os.fdopen(os.open(fresh, flags, 0o600), "wb") as content:
            content.write(body)
        fresh.replace(file)
    except OSError as error:
        raise OutageError(f"{fresh} cannot be written ({error.strerror}); start the worker again") from error


def _temporary_of(file: Path) -> Path:
    """Return the name under which a file is written before it is renamed."""
    return file.with_suffix(".new")
