"""The crowd of connections: whose time is over, and who makes place for a new one."""

from __future__ import annotations

import math

import pytest

from ingest_api.serving.crowd import Crowd
from ingest_api.serving.state import EVICTED_FIRST, State


class Member:
    """A connection that began to wait at a moment, for ten seconds."""

    def __init__(self, crowd: Crowd[Member]) -> None:
        self.crowd = crowd
        self.since = 0.0
        self.deadline = math.inf
        self.ended = False

    def waits(self, state: State, since: float) -> Member:
        self.since, self.deadline = since, since + 10
        self.crowd.queue(self, state)
        return self

    def cut_off(self) -> None:
        self.ended = True
        self.crowd.forget(self)


def admitted(crowd: Crowd[Member]) -> Member:
    member = Member(crowd)
    assert crowd.admit(member)
    return member


@pytest.mark.parametrize("state", [state for state in State if state is not State.BETWEEN])
def test_one_whose_deadline_has_come_is_given_once_and_before_those_that_came_later(state: State) -> None:
    crowd = Crowd[Member](3)
    first, second, later = (admitted(crowd).waits(state, since) for since in (1.0, 2.0, 9.0))
    assert crowd.overdue(10.9) is None
    assert [crowd.overdue(12.0) for _ in range(3)] == [first, second, None]
    assert crowd.overdue(19.0) is later


def test_one_that_begins_another_wait_has_that_waits_deadline() -> None:
    crowd = Crowd[Member](1)
    member = admitted(crowd).waits(State.HEAD, 1.0).waits(State.BODY, 5.0)
    assert crowd.overdue(11.0) is None
    assert crowd.overdue(15.0) is member


def test_one_that_is_gone_has_no_deadline() -> None:
    crowd = Crowd[Member](1)
    gone = admitted(crowd).waits(State.STREAM, 1.0)
    crowd.forget(gone)
    gone.waits(State.IDLE, 2.0)  # its report is settled after that
    assert crowd.overdue(100.0) is None
    assert not crowd.all


@pytest.mark.parametrize("state", EVICTED_FIRST)
def test_a_new_one_takes_the_place_of_the_one_that_waits_longest_without_an_answer(state: State) -> None:
    crowd = Crowd[Member](4)
    admitted(crowd).waits(State.STREAM, 0.0)
    idle = admitted(crowd).waits(State.IDLE, 1.0)
    longest = admitted(crowd).waits(state, 2.0)
    other = admitted(crowd).waits(State.SILENT, 3.0)
    admitted(crowd)
    assert (idle.ended, longest.ended, other.ended) == (False, True, False)


def test_where_none_waits_without_an_answer_the_one_that_is_idle_longest_goes() -> None:
    crowd = Crowd[Member](3)
    idle, other = (admitted(crowd).waits(State.IDLE, since) for since in (1.0, 2.0))
    served = admitted(crowd).waits(State.STREAM, 0.0)
    admitted(crowd)
    assert (idle.ended, other.ended, served.ended) == (True, False, False)


def test_where_all_wait_for_the_stream_a_new_one_is_refused() -> None:
    crowd = Crowd[Member](1)
    admitted(crowd).waits(State.STREAM, 0.0)
    assert not crowd.admit(Member(crowd))
    assert crowd.take_counts() == {"refused": 1}


def test_those_that_wait_for_the_stream_are_given_before_strangers() -> None:
    crowd = Crowd[Member](3)
    for state in (State.SILENT, State.HEAD):
        admitted(crowd).waits(state, 0.0)
    served = admitted(crowd).waits(State.STREAM, 1.0)
    assert crowd.overdue(20.0) is served
