"""The report's delivery: tries until the server takes it, refuses it, or ten minutes are over."""

from __future__ import annotations

import random
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from . import log

if TYPE_CHECKING:
    from collections.abc import Callable

    from .post import Answer

SECONDS: Final = 600.0
"""How long to try: longer than ECS needs to replace the only task of an edge, shorter than a Lambda lives."""


@dataclass(frozen=True)
class Pace:
    """Exponential backoff with full jitter: after each try a wait of 0 to twice as many seconds.

    So those who met the same outage do not come back in step. Clock, sleep and chance can be a test's.
    """

    first: float = 2.0
    longest: float = 60.0
    now: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep
    draw: Callable[[float, float], float] = random.uniform

    def wait(self, tries: int, retry_after: float | None) -> float:
        """Return how long to wait after so many tries; from what the server asked for on, if it did."""
        most = min(self.longest, self.first * 2 ** min(tries - 1, 16))
        return (retry_after or 0.0) + self.draw(0.0, most)


@dataclass(frozen=True)
class Delivery:
    """How it ended: the last answer, and how many tries it took."""

    answer: Answer
    tries: int


def deliver(post: Callable[[], Answer], pace: Pace, seconds: float = SECONDS) -> Delivery:
    """Try until it is decided, and for the last time when `seconds` are over; a report twice is no harm."""
    end = pace.now() + seconds
    tries = 0
    while True:
        answer = post()
        tries += 1
        left = end - pace.now()
        if answer.taken or not answer.passing or left <= 0 or (answer.retry_after or 0) > left:
            return Delivery(answer, tries)
        wait = min(left, pace.wait(tries, answer.retry_after))
        log.write("info", "report.again", status=answer.status, error=answer.error, seconds=round(wait, 1))
        pace.sleep(wait)
