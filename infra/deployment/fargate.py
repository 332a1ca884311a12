"""Fargate's tasks: the sizes that there are, and the memory that a worker needs."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

from infra.deployment import measured

if TYPE_CHECKING:
    from collections.abc import Iterator

SIZES: Final[dict[int, tuple[int, ...]]] = {
    256: (512, 1024, 2048),
    512: tuple(range(1024, 4097, 1024)),
    1024: tuple(range(2048, 8193, 1024)),
    2048: tuple(range(4096, 16385, 1024)),
    4096: tuple(range(8192, 30721, 1024)),
}
"""Fargate's tasks: processor units, and the MiB that go with them.

https://docs.aws.amazon.com/AmazonECS/latest/developerguide/fargate-tasks-services.html
"""

_LEAST_HEAP_MIB: Final = 256


def sizes() -> Iterator[tuple[int, int]]:
    """Give all tasks that Fargate has."""
    return ((cpu, memory) for cpu, memories in SIZES.items() for memory in memories)


def smallest(units: float, mib: float) -> tuple[int, int]:
    """Return the smallest task with so many processor units and so much memory."""
    return next((cpu, memory) for cpu, memory in sizes() if cpu >= units and memory >= mib)


def worker_mib(shards: int, workers: int) -> float:
    """Return the memory that each of so many workers needs.

    The JVM was measured under one shard's load; with more shards than its least heap is for, it grows.
    """
    held = math.ceil(shards / workers)
    growth = max(0, held * measured.HEAP_MIB_A_SHARD - _LEAST_HEAP_MIB)
    return measured.SPARE * (measured.SUPERVISOR_MIB + measured.JVM_MIB + growth + held * measured.CHILD_MIB)
