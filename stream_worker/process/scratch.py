"""A folder for temporary files, gone at the end."""

from __future__ import annotations

import errno
import os
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Final

from stream_worker.process.errors import OutageError, SetupError, WorkerError

if TYPE_CHECKING:
    from collections.abc import Iterator

_FULL: Final = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EROFS)
_REMEDY: Final = "set TMPDIR to a folder on a disk with room"


@contextmanager
def scratch(prefix: str, folder: Path | None = None) -> Iterator[Path]:
    """Make a folder in `folder`, or in the system's temporary one, and remove it at the end.

    Raises `SetupError` where there is none that can be written to, `OutageError` when its disk is full.
    """
    try:
        made = TemporaryDirectory(prefix=prefix, dir=folder, ignore_cleanup_errors=True)
    except OSError as error:
        raise SetupError(f"no temporary file can be written ({error.strerror}): {_REMEDY}") from error
    with made as place:
        try:
            yield Path(place)
        except WorkerError:
            raise
        except Exception as error:
            full = _what_is_full(error)
            if full is None:
                raise
            raise OutageError(f"{place} cannot take more ({full}): free some room, or {_REMEDY}") from error


def _what_is_full(error: Exception) -> str | None:
    """Return the system's words for a full disk; Polars has no number for it, and passes them on."""
    return next((words for words in map(os.strerror, _FULL) if words in str(error)), None)
