"""How the serving process ends: on SIGTERM or SIGINT, or when its parent is gone.

Every answer says `Connection: close` for a moment before the server stops. So a connection under load ends
after an answer, where its client expects it, and not under a request that is already on its way.
"""

import multiprocessing
import os
import signal
import time
from threading import Event, Thread
from typing import Final

SIGNALS: Final = (signal.SIGTERM, signal.SIGINT)

GRACE_SECONDS: Final = 0.25
"""How long that moment is: some round trips."""


class Drain:
    """Whether the process is about to stop."""

    def __init__(self) -> None:
        self._begun = Event()

    def __bool__(self) -> bool:
        return self._begun.is_set()

    def install(self) -> None:
        """Take the signals over from the server, which gets them after the grace.

        For the process's main thread before any other thread runs: they inherit that the signals are blocked.
        """
        signal.pthread_sigmask(signal.SIG_BLOCK, SIGNALS)
        Thread(target=self._await_signal, name="drain", daemon=True).start()
        Thread(target=_await_parents_end, name="parent", daemon=True).start()

    def _await_signal(self) -> None:
        number = signal.sigwait(SIGNALS)
        self._begun.set()
        time.sleep(GRACE_SECONDS)
        handler = signal.getsignal(number)
        if callable(handler):
            handler(number, None)


def _await_parents_end() -> None:
    """Stop when the parent was killed: nobody else tells, and the port would be held for ever."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os.kill(os.getpid(), signal.SIGTERM)
