"""Which deployment carries a load: the smallest of Fargate's tasks that what was measured fits into."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

from infra.deployment import measured
from infra.deployment.fargate import SIZES, smallest, worker_mib

if TYPE_CHECKING:
    from infra.cost.load import Load
    from infra.deployment.choices import Deployment

_UNITS: Final = 1024
_SHARDS_A_WORKER: Final = 8


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


def edge_units(load: Load) -> float:
    """Return the processor units that the edge needs in all, at its peak."""
    cores = load.peak / measured.EDGE_REPORTS_A_SECOND
    return cores / measured.VCPU / measured.BUSY * _UNITS


def worker_units(load: Load, workers: int) -> float:
    """Return the processor units that each of so many workers needs, at its peak."""
    cores = load.peak * (measured.JVM_MICROSECONDS + measured.CHILD_MICROSECONDS) / 1e6 / workers
    return cores / measured.VCPU / measured.BUSY * _UNITS


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
