"""A stage for a shard's life: a lake that records effects and can crash before or after any of them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from stream_worker.judging.judgement import JUDGEMENT
from stream_worker.lake.chain import Chain
from stream_worker.lake.store import MemoryLake
from stream_worker.shard_life.processor import Processor
from tests.support.worker.samples import SHARD

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date

    from stream_worker.judging.judgement import Judgement
    from stream_worker.process.limits import Limits
    from stream_worker.stream.records import Position
    from stream_worker.stream.shard import Shard


class CrashError(BaseException):
    """The process ends here, whatever it was about to do."""


@dataclass(slots=True)
class Stage(MemoryLake):
    """Effects in their order, across restarts; `crash_before` and `crash_after` count them from 1."""

    effects: list[str] = field(default_factory=list)
    crash_before: int = 0
    crash_after: int = 0
    checkpoint: Position | None = None
    announced: list[date] = field(default_factory=list)
    now: float = 0.0

    def put_new(self, key: str, body: bytes, metadata: Mapping[str, str]) -> bool:
        with self._effect(f"{key.partition('/')[0]} put"):
            return MemoryLake.put_new(self, key, body, metadata)

    def take_checkpoint(self, position: Position) -> None:
        with self._effect("checkpoint"):
            self.checkpoint = position

    def processor(self, limits: Limits, shard: Shard = SHARD, judgement: Judgement = JUDGEMENT) -> Processor:
        """Start an owner of the shard."""
        chain, announce = Chain(self, shard), self.announced.append
        clock, commit = lambda: self.now, self.take_checkpoint
        return Processor(chain, limits, commit, clock, announce=announce, judgement=judgement)

    def _effect(self, name: str) -> _Effect:
        return _Effect(self, name)


@dataclass(slots=True)
class _Effect:
    stage: Stage
    name: str

    def __enter__(self) -> None:
        if len(self.stage.effects) + 1 == self.stage.crash_before:
            self.stage.crash_before = 0
            raise CrashError
        self.stage.effects.append(self.name)

    def __exit__(self, *_: object) -> None:
        if len(self.stage.effects) == self.stage.crash_after:
            self.stage.crash_after = 0
            raise CrashError
