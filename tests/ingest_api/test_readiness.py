"""When the edge says that it is ready, by value: the clock is the test's."""

import pytest

from ingest_api.publisher import Publisher, UnavailableError
from ingest_api.readiness import FRESH_SECONDS, Readiness
from ingest_api.stream import MemoryStream


class Clock:
    """A clock that the test sets."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def test_a_look_counts_for_some_seconds() -> None:
    stream, clock = MemoryStream(), Clock()
    publisher = Publisher(stream, seconds=1)
    readiness = Readiness(stream, publisher, clock)
    assert readiness.obstacle() is None
    stream.state = "DELETING"
    assert readiness.obstacle() is None
    clock.now += FRESH_SECONDS
    assert readiness.obstacle() == "the stream is DELETING"
    publisher.close()


def test_a_failed_call_counts_for_some_seconds() -> None:
    stream, clock = MemoryStream(lambda _: []), Clock()
    publisher = Publisher(stream, seconds=0.05, clock=clock)
    readiness = Readiness(stream, publisher, clock)
    assert readiness.obstacle() is None
    with pytest.raises(UnavailableError):
        publisher.publish(b"x", "k")
    assert readiness.obstacle() == "the last call to the stream failed"
    clock.now += FRESH_SECONDS
    assert readiness.obstacle() is None
    publisher.close()
