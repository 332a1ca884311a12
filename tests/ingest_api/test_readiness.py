"""When the edge says that it is ready, by value: the clock is the test's."""

import threading

import pytest

from ingest_api.publisher import Publisher, UnavailableError
from ingest_api.readiness import FRESH_SECONDS, Readiness
from ingest_api.stream import MemoryStream
from tests.support.edge.publishing import publish


class Clock:
    """A clock that the test sets."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def obstacle(readiness: Readiness) -> str | None:
    look = readiness.look()
    if look is not None:
        look.wait(60)
    return readiness.obstacle()


def test_a_look_counts_for_some_seconds() -> None:
    stream, clock = MemoryStream(), Clock()
    publisher = Publisher(stream, seconds=1)
    readiness = Readiness(stream, publisher, clock)
    assert obstacle(readiness) is None
    stream.state = "DELETING"
    assert obstacle(readiness) is None
    clock.now += FRESH_SECONDS
    assert obstacle(readiness) == "the stream is DELETING"
    publisher.close()


def test_a_failed_call_counts_for_some_seconds() -> None:
    stream, clock = MemoryStream(lambda _: []), Clock()
    publisher = Publisher(stream, seconds=0.05, clock=clock)
    readiness = Readiness(stream, publisher, clock)
    assert obstacle(readiness) is None
    with pytest.raises(UnavailableError):
        publish(publisher, b"x", "k")
    assert obstacle(readiness) == "the last call to the stream failed"
    clock.now += FRESH_SECONDS
    assert obstacle(readiness) is None
    publisher.close()


def test_those_who_ask_during_a_look_wait_for_the_same_one() -> None:
    asked, go_on = [], threading.Event()

    class Slow(MemoryStream):
        def status(self) -> str:
            asked.append(1)
            go_on.wait(60)
            return super().status()

    stream = Slow()
    publisher = Publisher(stream, seconds=1)
    readiness = Readiness(stream, publisher)
    looks = [readiness.look() for _ in range(3)]
    go_on.set()
    for look in looks:
        assert look is not None
        look.wait(60)
        assert look.settled
    assert asked == [1]
    assert readiness.look() is None
    publisher.close()


def test_before_the_first_look_the_edge_is_not_ready() -> None:
    stream = MemoryStream()
    publisher = Publisher(stream, seconds=1)
    assert Readiness(stream, publisher).obstacle() is not None
    publisher.close()


def test_a_look_that_does_not_end_in_time_is_an_obstacle_whatever_was_found_before() -> None:
    go_on = threading.Event()
    go_on.set()

    class Hanging(MemoryStream):
        def status(self) -> str:
            go_on.wait()
            return self.state

    stream, clock = Hanging(), Clock()
    publisher = Publisher(stream, seconds=1)
    readiness = Readiness(stream, publisher, clock)
    assert obstacle(readiness) is None
    clock.now += FRESH_SECONDS
    go_on.clear()
    look = readiness.look()
    assert look is not None
    assert readiness.obstacle() == "the stream has not answered in time"
    go_on.set()
    look.wait(60)
    assert readiness.obstacle() is None
    publisher.close()
