"""A deadline for work that can hang: what has not ended by then is left behind."""

from __future__ import annotations

from concurrent.futures import Future
from threading import Thread
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

Result = TypeVar("Result")


def within(seconds: float, work: Callable[[], Result]) -> Result:
    """Return what `work` returns, or raise what it raises; raise `TimeoutError` after `seconds`.

    The work has a thread of its own, because no time-out covers all of it: resolving a name has none, and a
    socket's begins again with each byte. The thread does not keep the process alive.
    """
    if seconds <= 0:
        raise TimeoutError
    ended: Future[Result] = Future()

    def run() -> None:
        try:
            ended.set_result(work())
        except BaseException as error:  # noqa: BLE001 - it is raised where the result is awaited
            ended.set_exception(error)

    Thread(target=run, name="within", daemon=True).start()
    return ended.result(seconds)
