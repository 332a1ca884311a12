"""The wish to stop, as a signal handler may express it."""

import time
from typing import Protocol


class Stopping(Protocol):
    """What knows whether to stop."""

    def is_set(self) -> bool:
        """Say whether to stop now."""


class Stop:
    """Set once, asked often; without a lock, which a handler might wait for while its holder waits for it."""

    def __init__(self) -> None:
        self._asked = False

    def set(self) -> None:
        """Ask to stop."""
        self._asked = True

    def is_set(self) -> bool:
        """Say whether somebody asked."""
        return self._asked

    def wait(self, seconds: float) -> None:
        """Sleep for some tenths of a second; a signal in between does not cut it short."""
        if not self._asked:
            time.sleep(seconds)
