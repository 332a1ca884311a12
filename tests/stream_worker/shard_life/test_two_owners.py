"""Two owners of one shard, interleaved: their calls to the lake are the steps, a schedule gives the turns.

Every schedule in which the lake changes hands up to three times is played: one owner falls asleep at any
step, the other takes any number of steps, the first wakes late and takes any number, and so on to the end.
Where the chain begins is noted already: `test_late_wakers` plays that.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass, field, replace
from datetime import date
from itertools import count
from typing import TYPE_CHECKING

import pytest

from stream_worker.judging.judgement import JUDGEMENT, Judgement
from stream_worker.lake.beginnings import Beginnings
from stream_worker.lake.chain import Chain
from stream_worker.lake.store import MemoryLake
from stream_worker.process.limits import Limits
from stream_worker.shard_life.processor import Processor
from stream_worker.stream.records import Position
from tests.support import truth
from tests.support.soak import soaked
from tests.support.worker.samples import DAY, FIRST, FORGED, MALFORMED, SHARD, body, records

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

BODIES = [body(1), MALFORMED, body(2), body(1), FORGED, body(2)]
EXPECTED = {"accepted": 2, "malformed": 1, "fraud": 1, "duplicate": 2}
LAST = Position(FIRST + len(BODIES) - 1)
STEPS = 9
"""As many as an owner takes that works alone; a test holds it."""


@dataclass(slots=True)
class Owner(MemoryLake):
    """A worker that stops before each of its calls to the lake until it is told to go on."""

    limits: Limits = field(kw_only=True)
    judgement: Judgement = field(kw_only=True)
    steps: int = 0
    alive: bool = True
    checkpoints: list[Position] = field(default_factory=list)
    failure: BaseException | None = None
    go: threading.Semaphore = field(default_factory=lambda: threading.Semaphore(0))
    paused: threading.Semaphore = field(default_factory=lambda: threading.Semaphore(0))

    def run(self) -> None:
        self.go.acquire()
        try:
            chain, checkpoint = Chain(self, SHARD), self.checkpoints.append
            processor = Processor(chain, self.limits, checkpoint, judgement=self.judgement)
            processor.receive(records(BODIES))
            processor.finish()
        except BaseException as failure:  # noqa: BLE001 - handed to the test
            self.failure = failure
        self.alive = False
        self.paused.release()

    def take_a_step(self) -> bool:
        """Let the owner go on to its next step; say whether it had one to take."""
        if not self.alive:
            return False
        self.go.release()
        self.paused.acquire()
        return True

    def _pause(self) -> None:
        self.steps += 1
        self.paused.release()
        self.go.acquire()

    def put_new(self, key: str, body: bytes, metadata: Mapping[str, str]) -> bool:
        self._pause()
        return MemoryLake.put_new(self, key, body, metadata)

    def metadata(self, key: str) -> Mapping[str, str]:
        self._pause()
        return MemoryLake.metadata(self, key)

    def folders(self, prefix: str) -> list[str]:
        self._pause()
        return MemoryLake.folders(self, prefix)

    def keys(self, prefix: str) -> Iterator[str]:
        self._pause()
        return MemoryLake.keys(self, prefix)


def play(schedule: str, limits: dict[str, int]) -> tuple[MemoryLake, dict[str, Owner], bool]:
    """Play a schedule such as "AABAB" and then both to their ends; say whether all its turns were used."""
    lake = MemoryLake()
    Beginnings(lake, "live", SHARD.epoch).note(SHARD.shard_id, date.fromisoformat(DAY))
    owners = {
        name: Owner(lake.objects, limits=Limits(size, 10**6, 60), judgement=replace(JUDGEMENT, code=name))
        for name, size in limits.items()
    }
    threads = [threading.Thread(target=owner.run, daemon=True) for owner in owners.values()]
    for thread in threads:
        thread.start()
    used = [owners[name].take_a_step() for name in schedule]
    for owner in owners.values():
        while owner.take_a_step():
            pass
    for thread in threads:
        thread.join()
    return lake, owners, all(used)


def check(lake: MemoryLake, owners: dict[str, Owner], schedule: str) -> None:
    assert [owner.failure for owner in owners.values()] == [None, None], schedule
    found = truth.read(lake)
    assert [number for _, number in found.positions] == [FIRST + row for row in range(len(BODIES))], schedule
    assert found.outcomes == EXPECTED, schedule
    found.check_sums()
    for owner in owners.values():
        assert owner.checkpoints == sorted(owner.checkpoints), schedule
    assert max(owner.checkpoints[-1:] for owner in owners.values()) == [LAST], schedule


def test_an_owner_alone_takes_the_steps_that_the_schedules_count_on() -> None:
    _, owners, _ = play("", {"A": 3, "B": 3})
    assert owners["A"].steps == STEPS


@pytest.mark.parametrize("first_turn", range(STEPS + 1))
@pytest.mark.parametrize("limits", soaked([{"A": 2, "B": 4}, {"A": 3, "B": 3}, {"B": 4, "A": 2}]), ids=str)
def test_no_row_is_lost_and_none_is_doubled(first_turn: int, limits: dict[str, int]) -> None:
    for second_turn in count(1):
        for third_turn in count():
            schedule = "A" * first_turn + "B" * second_turn + "A" * third_turn
            lake, owners, used = play(schedule, limits)
            check(lake, owners, schedule)
            if not used:
                break
        if third_turn == 0:  # the second owner had come to its end: longer turns are the same
            break
