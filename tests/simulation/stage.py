"""Which world is being played, and the module `time` in that world's time: to be imported before any other.

Code takes `time.time` and the like as default arguments when it is imported, so the functions are replaced
once and for all, in a process that plays histories and nothing else.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, SupportsIndex

if TYPE_CHECKING:
    from tests.simulation.world import World


@dataclass(slots=True)
class Stage:
    """The world under way, None between two."""

    world: World | None = None


STAGE: Final = Stage()

_time, _monotonic, _sleep = time.time, time.monotonic, time.sleep


def _world_time() -> float:
    actor = STAGE.world.current if STAGE.world is not None else None
    return actor.world.now + actor.skew if actor is not None else _time()


def _world_monotonic() -> float:
    actor = STAGE.world.current if STAGE.world is not None else None
    return actor.world.now if actor is not None else _monotonic()


def _world_sleep(seconds: float | SupportsIndex) -> None:
    if STAGE.world is None:
        _sleep(seconds)
    else:
        STAGE.world.pause(float(seconds))


def set_clocks() -> None:
    """Let every process of a world tell the time by it."""
    time.time, time.monotonic, time.sleep = _world_time, _world_monotonic, _world_sleep
