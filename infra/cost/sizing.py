"""Which deployment carries a load: the smallest of Fargate's tasks that what was measured fits into."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

from infra.cost import measured

if TYPE_CHECKING:
    from collections.abc import Iterator

    from infra.cost.load import Load
    from infra.deployment import Deployment

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

_UNITS: Final = 1024
_SHARDS_A_WORKER: Final = 8
_LEAST_HEAP_MIB: Final = 256


def deployment_for(load: Load, chosen: Deployment) -> Deployment:
    """Return `chosen` with shards and tasks for the load; what else was chosen stays."""
    shards = load.shards
    edge_cpu, edge_tasks = _edge(load)
    workers = math.ceil(shards / _SHARDS_A_WORKER)
    cpu, memory = smallest(worker_units(load, workers), worker_mib(shards, workers))
    sized = {
        "shards": shards,
        "edge_cpu": edge_cpu,
        "edge_memory": SIZES[edge_cpu][0],
        "edge_tasks": edge_tasks,
        "worker_cpu": cpu,
        "worker_memory": memory,
        "worker_tasks": workers,
    }
    return chosen.model_copy(update=sized)


def smallest(units: float, mib: float) -> tuple[int, int]:
    """Return the smallest task with so many processor units and so much memory."""
    return next((cpu, memory) for cpu, memory in sizes() if cpu >= units and memory >= mib)


def sizes() -> Iterator[tuple[int, int]]:
    """Give all tasks that Fargate has."""
    return ((cpu, memory) for cpu, memories in SIZES.items() for memory in memories)


def edge_units(load: Load) -> float:
    """Return the processor units that the edge needs in all, at its peak."""
    cores = load.peak / measured.EDGE_REPORTS_A_SECOND
    return cores / measured.VCPU / measured.BUSY * _UNITS


def worker_units(load: Load, workers: int) -> float:
    """Return the processor units that each of so many workers needs, at its peak."""
    cores = load.peak * (measured.JVM_MICROSECONDS + measured.CHILD_MICROSECONDS) / 1e6 / workers
    return cores / measured.VCPU / measured.BUSY * _UNITS


def worker_mib(shards: int, workers: int) -> float:
    """Return the memory that each of so many workers needs.

    The JVM was measured under one shard's load; with more shards than its least heap is for, it grows.
    """
    held = math.ceil(shards / workers)
    growth = max(0, held * measured.HEAP_MIB_A_SHARD - _LEAST_HEAP_MIB)
    return measured.SPARE * (measured.SUPERVISOR_MIB + measured.JVM_MIB + growth + held * measured.CHILD_MIB)


def days_mib() -> float:
    """Return the memory that sealing the largest day needs: it does not grow for ever with the day."""
    return measured.SPARE * max(measured.SEAL_GB.values()) * 1000**3 / 2**20


def carries(deployment: Deployment, load: Load) -> bool:
    """Say whether the deployment keeps the promises under the load."""
    shards, workers = deployment.shards, deployment.worker_tasks
    return (
        shards >= load.shards
        and deployment.edge_tasks * deployment.edge_cpu >= edge_units(load)
        and deployment.worker_cpu >= worker_units(load, workers)
        and deployment.worker_memory >= worker_mib(shards, workers)
        and deployment.days_memory >= days_mib()
    )


def _edge(load: Load) -> tuple[int, int]:
    """Return processor units and number of the edge's tasks: a task's one process fills one core at most."""
    units = edge_units(load)
    cpu = next((cpu for cpu in (256, 512, 1024, 2048) if cpu >= units), 2048)
    return cpu, max(1, math.ceil(units / cpu))
