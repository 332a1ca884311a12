"""The request to stop, which a signal handler can make."""

import time


class Stop:
    """Set once, read often; without a lock, as a handler might wait for its holder, which it interrupted."""

    def __init__(self) -> None:
        self._is_set = False

    def set(self) -> None:
        """Ask to stop."""
        self._is_set = True

    def is_set(self) -> bool:
        """Return whether to stop."""
        return self._is_set

    def wait(self, seconds: float) -> None:
        """Sleep for some tenths of a second, unless asked to stop; a signal does not end the sleep."""
        if not self._is_set:
            time.sleep(seconds)
