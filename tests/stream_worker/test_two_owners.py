"""Two owners of one shard, interleaved: each call to the lake is a step, and a schedule says whose turn it is."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from itertools import product
from typing import TYPE_CHECKING

import pytest

from stream_worker.buffer import Limits
from stream_worker.chain import Chain
from stream_worker.lake import MemoryLake
from stream_worker.processor import Processor
from tests import truth
from tests.stream_worker.samples import FIRST, FORGED, MALFORMED, SHARD, body, records

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from stream_worker.records import Position

BODIES = [body(1), MALFORMED, body(2), body(1), body(3), FORGED, body(2)]
EXPECTED = {"accepted": 3, "malformed": 1, "fraud": 1, "duplicate": 2}
STEPS = 14  # more than an owner takes from start to finish


@dataclass(slots=True)
class Turns:
    """Lets one owner run at a time, until its next step, in the order of the schedule and then of their names."""

    schedule: Sequence[str]
    taken: list[str] = field(default_factory=list)
    alive: set[str] = field(default_factory=lambda: {"A", "B"})
    changed: threading.Condition = field(default_factory=threading.Condition)

    def whose(self) -> str | None:
        rest = [name for name in self.schedule[len(self.taken) :] if name in self.alive]
        return rest[0] if rest else min(self.alive, default=None)

    def await_turn(self, name: str) -> None:
        with self.changed:
            assert self.changed.wait_for(lambda: self.whose() == name, timeout=30), "the model is stuck"

    def step(self, name: str) -> None:
        with self.changed:
            self.taken.append(name)
            self.changed.notify_all()

    def leave(self, name: str) -> None:
        with self.changed:
            self.alive.discard(name)
            self.changed.notify_all()


@dataclass(slots=True)
class SteppedLake:
    """An owner's view of the common lake; every call waits for the owner's turn and ends it."""

    common: MemoryLake
    turns: Turns
    name: str

    def put_new(self, key: str, body: bytes, metadata: Mapping[str, str]) -> bool:
        self.turns.step(self.name)
        self.turns.await_turn(self.name)
        return self.common.put_new(key, body, metadata)

    def metadata(self, key: str) -> Mapping[str, str]:
        self.turns.step(self.name)
        self.turns.await_turn(self.name)
        return self.common.metadata(key)

    def get(self, key: str) -> bytes:
        return self.common.get(key)  # objects never change: when one is read makes no difference

    def keys(self, prefix: str) -> Iterator[str]:
        self.turns.step(self.name)
        self.turns.await_turn(self.name)
        return self.common.keys(prefix)

    def folders(self, prefix: str) -> list[str]:
        return self.common.folders(prefix)  # the listing of a day follows at once and is a step
