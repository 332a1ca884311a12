"""Tries again what passes, for ten minutes and no longer; what is refused it never sends twice."""

from __future__ import annotations

import itertools
import random
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pytest

from infra.reporter.function.usage_reporter.delivery import SECONDS, Delivery, Pace, deliver
from infra.reporter.function.usage_reporter.post import Answer, post
from tests.support.reporter.server import Reply, Server, problem

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable


@dataclass
class Clock:
    """Time that passes only in sleep."""

    time: float = 1000.0
    slept: list[float] = field(default_factory=list)

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.time += seconds

    def pace(self, draw: Callable[[float, float], float]) -> Pace:
        return Pace(now=lambda: self.time, sleep=self.sleep, draw=draw)


def most(_low: float, high: float) -> float:
    return high


def answers(given: Iterable[Answer]) -> Callable[[], Answer]:
    left = iter(given)
    return lambda: next(left)


def test_an_outage_that_ends_is_waited_out(server: Server) -> None:
    busy = problem(503, "Service Unavailable", "Later.")
    server.replies = [Reply(500), busy, Reply(None), Reply(429), Reply(202)]
    clock = Clock()
    delivery = deliver(lambda: post(server.url, b'{"a":1}'), clock.pace(most))
    assert delivery == Delivery(Answer(202), tries=5)
    assert clock.slept == [2, 4, 8, 16]
    assert [asked.body for asked in server.asked] == [b'{"a":1}'] * 5


def test_what_the_server_refuses_is_not_sent_again(server: Server) -> None:
    server.replies = [problem(400, "Bad Request", "It is no JSON.")]
    clock = Clock()
    delivery = deliver(lambda: post(server.url, b"{}"), clock.pace(most))
    assert delivery == Delivery(Answer(400, title="Bad Request", detail="It is no JSON."), tries=1)
    assert clock.slept == []


def test_it_ends_after_ten_minutes_with_a_last_try() -> None:
    clock = Clock()
    delivery = deliver(answers(itertools.repeat(Answer(503))), clock.pace(most))
    assert delivery.answer == Answer(503)
    assert sum(clock.slept) == SECONDS
    assert delivery.tries == len(clock.slept) + 1
    assert max(clock.slept) == 60


def test_time_that_the_tries_take_counts() -> None:
    clock = Clock()

    def slow() -> Answer:
        clock.time += 250
        return Answer(error="TimeoutError")

    assert deliver(slow, clock.pace(most)).tries == 3


def test_without_time_there_is_one_try() -> None:
    clock = Clock()
    assert deliver(answers([Answer(503)]), clock.pace(most), -5).tries == 1


def test_retry_after_is_the_least_that_is_waited() -> None:
    clock = Clock()
    deliver(answers([Answer(429, retry_after=30), Answer(202)]), clock.pace(lambda low, _high: low))
    assert clock.slept == [30]


def test_jitter_comes_on_top_of_retry_after_or_all_would_come_at_once() -> None:
    clock = Clock()
    deliver(answers([Answer(503, retry_after=30), Answer(202)]), clock.pace(most))
    assert clock.slept == [32]


def test_a_retry_after_beyond_the_end_ends_it() -> None:
    clock = Clock()
    delivery = deliver(answers([Answer(503, retry_after=3600)]), clock.pace(most))
    assert delivery.tries == 1
    assert clock.slept == []


@pytest.mark.parametrize("tries", [1, 4, 2000])
def test_waits_are_anywhere_between_nothing_and_the_most(tries: int) -> None:
    pace = Pace(draw=random.Random(6).uniform)
    highest = min(60, 2**tries)
    waits = [pace.wait(tries, None) for _ in range(2000)]
    assert min(waits) < 0.01 * highest
    assert 0.99 * highest < max(waits) <= highest
    assert sum(waits) / len(waits) == pytest.approx(highest / 2, rel=0.05)


def test_ten_minutes_of_refused_connections_are_some_twenty_tries() -> None:
    tries = [
        deliver(
            answers(itertools.repeat(Answer(error="ConnectionRefusedError"))),
            Clock().pace(random.Random(seed).uniform),
        ).tries
        for seed in range(100)
    ]
    assert 15 < min(tries) < max(tries) < 50
