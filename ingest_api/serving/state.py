"""What a connection waits for, and for how long."""

from __future__ import annotations

from enum import Enum, auto
from typing import Final

from ingest_api.serving import limits


class State(Enum):
    """What the connection waits for."""

    SILENT = auto()
    """The first byte of its first request."""
    IDLE = auto()
    """The first byte of the next request: it has had an answer."""
    HEAD = auto()
    BODY = auto()
    STREAM = auto()
    """The application's answer; in all other states it waits for the client."""
    UNREAD = auto()
    """The client, to read its answer."""
    LINGERING = auto()
    """The client, to close the connection after its last answer."""
    BETWEEN = auto()
    """Nothing: it is about to enter another state."""


SECONDS: Final = {
    State.SILENT: limits.IDLE_SECONDS,
    State.IDLE: limits.IDLE_SECONDS,
    State.HEAD: limits.HEAD_SECONDS,
    State.BODY: limits.BODY_SECONDS,
    State.UNREAD: limits.READ_SECONDS,
    State.LINGERING: limits.LINGER_SECONDS,
}
"""How long a connection may stay in a state; in STREAM as long as the answer says."""

BUSY: Final = frozenset({State.STREAM, State.UNREAD, State.LINGERING})
"""No further request is answered in these."""

EVICTED_FIRST: Final = (State.SILENT, State.HEAD, State.BODY, State.UNREAD, State.LINGERING)
"""Where a connection has had no answer yet, or its answer or request makes no progress."""
