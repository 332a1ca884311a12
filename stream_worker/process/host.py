"""What every process that hosts the pipeline does: run the garbage collector rarely, log how it ended."""

from __future__ import annotations

import gc
import traceback
from contextlib import contextmanager
from typing import TYPE_CHECKING

import structlog

from stream_worker.process.errors import WorkerError

if TYPE_CHECKING:
    from collections.abc import Iterator

log = structlog.get_logger("worker")


class FailedError(Exception):
    """The process cannot go on; the log says why."""


def spare_the_collector() -> None:
    """Let the cycle collector run rarely: decoded documents have no cycles, and searching takes time."""
    gc.freeze()
    gc.set_threshold(100_000, 20, 100)


@contextmanager
def last_words() -> Iterator[None]:
    """Log any error inside, then raise `FailedError`."""
    try:
        yield
    except FailedError:
        raise
    except WorkerError as error:
        log.error("worker.failed", error=type(error).__name__, detail=str(error))  # noqa: TRY400 - the text has the remedy
        raise FailedError from error
    except Exception as error:  # by type and location only: its text may quote a report
        location = traceback.extract_tb(error.__traceback__)[-1]
        log.error("worker.crashed", error=type(error).__name__, file=location.filename, line=location.lineno)  # noqa: TRY400 - as above
        raise FailedError from error
