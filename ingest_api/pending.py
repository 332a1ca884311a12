"""A WSGI response that is not known yet.

WSGI lets an application start its response as late as the first step of the iteration (PEP 3333). So to any
server this is an iterable that blocks until the answer is known; a server that knows `Pending` subscribes
instead, serves others meanwhile, and calls `finish` when it is woken or when `seconds` are over.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from ingest_api.problems import answered

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from wsgiref.types import StartResponse

    from ingest_api.answer import Answer
    from ingest_api.settlement import Settlement


class Later(NamedTuple):
    """An answer that waits until something is settled, `seconds` at most; `answer` is called then."""

    settlement: Settlement
    seconds: float
    answer: Callable[[], Answer]


class Pending:
    """The response of a `Later`."""

    __slots__ = ("_head", "_later", "_start_response", "seconds")

    def __init__(self, later: Later, start_response: StartResponse, *, head: bool) -> None:
        self._later = later
        self._start_response = start_response
        self._head = head
        self.seconds = later.seconds
        """How long a server waits at most before it calls `finish`."""

    def subscribe(self, wake: Callable[[], object]) -> None:
        """Have `wake` called, once or twice and from any thread, when `finish` has its answer."""
        self._later.settlement.subscribe(wake)

    def finish(self) -> list[bytes]:
        """Start the response with what is known now and return its body; does not wait."""
        return answered(self._later.answer).start(self._start_response, head=self._head)

    def __iter__(self) -> Iterator[bytes]:
        """Wait, then give the response."""
        self._later.settlement.wait(self.seconds)
        yield from self.finish()
