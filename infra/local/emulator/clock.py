"""The time that an emulated stream takes it to be: the machine's, or one that was set and goes on ticking."""

from __future__ import annotations

import random
import time
from threading import Lock


class Clock:
    """A stream's clock, in seconds since 1970; `latest` is what it said when the last record arrived."""

    def __init__(self) -> None:
        self.latest = 0.0
        self._lock = Lock()
        self.set(None)

    def set(self, now: float | None, jitter: float = 0.0, seed: int = 0) -> None:
        """Let it be `now` (None: the machine's time); arrivals are up to `jitter` seconds off, either way."""
        self._tick(0.0 if now is None else now - time.time(), jitter, seed)

    def twin(self) -> Clock:
        """Return a clock that is set like this one, and has seen no arrival."""
        twin = Clock()
        twin._tick(self._ahead, self.jitter, self._seed)
        return twin

    def now(self) -> float:
        """Return the time, without jitter."""
        return time.time() + self._ahead

    def arrival(self) -> float:
        """Return when a record arrives that is put now, in milliseconds as on the wire.

        But for the jitter it never goes back, though the machine's clock may.
        """
        with self._lock:
            self.latest = max(self.latest, int(self.now() * 1000) / 1000)
            if not self.jitter:
                return self.latest
            return round(self.latest + self._dice.uniform(-self.jitter, self.jitter), 3)

    def _tick(self, ahead: float, jitter: float, seed: int) -> None:
        with self._lock:
            self._ahead, self.jitter, self._seed = ahead, jitter, seed
            self._dice = random.Random(seed)  # noqa: S311 - a seed, so that a test sees the same each time
