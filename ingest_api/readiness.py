"""Whether the edge can publish, as far as it knows."""

import math
import time
from collections.abc import Callable
from threading import Lock
from typing import Final

from ingest_api.publisher import Publisher
from ingest_api.stream import CallFailedError, Stream

FRESH_SECONDS: Final = 5.0
"""How long a look at the stream, or a failed call, counts; the quota of DescribeStreamSummary is low."""

_WRITABLE: Final = frozenset({"ACTIVE", "UPDATING"})


class Readiness:
    """Looks at the stream now and then; one thread at a time, the others go by the last look."""

    def __init__(
        self, stream: Stream, publisher: Publisher, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._stream = stream
        self._publisher = publisher
        self._clock = clock
        self._looking = Lock()
        self._looked_at = -math.inf
        self._found: str | None = "the stream has not been looked at yet"

    def obstacle(self) -> str | None:
        """Return what keeps the edge from publishing; None if it is ready."""
        now = self._clock()
        failed_at = self._publisher.failed_at
        if failed_at is not None and now - failed_at < FRESH_SECONDS:
            return "the last call to the stream failed"
        if now - self._looked_at >= FRESH_SECONDS and self._looking.acquire(blocking=False):
            try:
                self._found = self._look()
                self._looked_at = self._clock()
            finally:
                self._looking.release()
        return self._found

    def _look(self) -> str | None:
        try:
            status = self._stream.status()
        except CallFailedError as error:
            return f"the stream cannot be looked at ({error.code})"
        return None if status in _WRITABLE else f"the stream is {status}"
