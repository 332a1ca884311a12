"""A folder for temporary files, removed at the end."""

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
_REMEDY: Final = "set TMPDIR to a folder on a disk with free space"


@contextmanager
def scratch(prefix: str, folder: Path | None = None) -> Iterator[Path]:
    """Make a folder in `folder`, or in the system's temporary one, and remove it at the end.

    Raises `SetupError` if no such folder is writable, `OutageError` when its disk is full.
    """
    try:
        made = TemporaryDirectory(prefix=prefix, dir=folder, ignore_cleanup_errors=True)
    except OSError as error:
        raise SetupError(f"no temporary folder is writable ({error.strerror}): {_REMEDY}") from error
    with made as path:
        try:
            yield Path(path)
        except WorkerError:
            raise
        except Exception as error:
            full = _what_is_full(error)
            if full is None:
                raise
            raise OutageError(f"{path} cannot be written to ({full}): free space, or {_REMEDY}") from error


def _what_is_full(error: Exception) -> str | None:
    """Return the system's text for a full disk; Polars passes the text on, but no error number."""
    return next((words for words in map(os.strerror, _FULL) if words in str(error)), None)
