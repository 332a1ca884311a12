"""Whether the edge can publish, as far as it knows."""

import math
import time
from collections.abc import Callable
from threading import Lock, Thread
from typing import Final

from ingest_api.publisher import Publisher
from ingest_api.settlement import Settlement
from ingest_api.stream import CallFailedError, Stream

FRESH_SECONDS: Final = 5.0
"""How long a look at the stream, or a failed call, counts; the quota of DescribeStreamSummary is low."""

_WRITABLE: Final = frozenset({"ACTIVE", "UPDATING"})


class Readiness:
    """Looks at the stream when asked, at most every `FRESH_SECONDS`, in a thread of its own."""

    def __init__(
        self, stream: Stream, publisher: Publisher, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._stream = stream
        self._publisher = publisher
        self._clock = clock
        self._mutex = Lock()
        self._waiting: list[Settlement] = []
        self._looked_at = -math.inf
        self._found: str | None = "the stream has not answered yet"

    @property
    def seconds(self) -> float:
        """How long a look may take."""
        return self._publisher.seconds

    def obstacle(self) -> str | None:
        """Return what keeps the edge from publishing, by the last look; None if it is ready."""
        if self._failed_lately():
            return "the last call to the stream failed"
        with self._mutex:
            late = bool(self._waiting) and self._clock() - self._looked_at >= FRESH_SECONDS
            return "the stream has not answered in time" if late else self._found

    def look(self) -> Settlement | None:
        """Return the look to wait for before `obstacle` is asked; None if the last one counts still."""
        if self._failed_lately():
            return None
        with self._mutex:
            if self._clock() - self._looked_at < FRESH_SECONDS:
                return None
            look = Settlement()
            if not self._waiting:
                Thread(target=self._look, name="readiness", daemon=True).start()
            self._waiting.append(
                look
            )  # when there is a thread: it may fail to start, and waits for the mutex
            return look

    def _failed_lately(self) -> bool:
        failed_at = self._publisher.failed_at
        return failed_at is not None and self._clock() - failed_at < FRESH_SECONDS

    def _look(self) -> None:
        found = self._state()
        with self._mutex:
            self._found = found
            self._looked_at = self._clock()
            looks, self._waiting = self._waiting, []
        for look in looks:
            look.settle()

    def _state(self) -> str | None:
        try:
            status = self._stream.status()
        except CallFailedError as error:
            return f"the stream cannot be looked at ({error.code})"
        except Exception as error:  # noqa: BLE001 - those that wait for this look must get the error
            return f"the stream cannot be looked at ({type(error).__name__})"
        return None if status in _WRITABLE else f"the stream is {status}"
