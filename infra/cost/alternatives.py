"""What else could be deployed for a load, and what it would cost."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from infra.cost import ours, sizing
from infra.cost.price import HOURS, PRICES
from infra.deployment import fargate
from infra.deployment.choices import Architecture, StreamMode

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from infra.cost.load import Load
    from infra.deployment.choices import Deployment

ENDPOINTS: Final = ("ecr.api", "ecr.dkr", "glue", "kinesis-streams", "logs")
"""The interface endpoints that tasks without public addresses need; S3's and DynamoDB's gateways are free."""


@dataclass(frozen=True, slots=True)
class Alternative:
    """A deployment that differs in one choice; `carries` says whether it keeps the promises."""

    part: str
    choice: str
    usd: float
    carries: bool


def alternatives(load: Load, deployment: Deployment) -> Iterator[Alternative]:
    """Give every deployment that differs in one choice which the bill depends on."""
    for changes in _changes(deployment):
        other = deployment.model_copy(update=changes)
        if other != deployment:
            choice = ", ".join(f"{name} {value}" for name, value in changes.items())
            part = next(iter(changes)).partition("_")[0]
            yield Alternative(part, choice, ours.bill(load, other).usd, sizing.carries(other, load))


def networks(deployment: Deployment) -> dict[str, float]:
    """Return what a month costs of each way by which tasks can reach AWS, in one availability zone alone."""
    tasks = deployment.edge_tasks + deployment.worker_tasks
    return {
        "public addresses": tasks * PRICES["public_ipv4"].of(HOURS),
        "NAT gateway": PRICES["nat"].of(HOURS) + PRICES["public_ipv4"].of(HOURS),
        "interface endpoints": len(ENDPOINTS) * PRICES["interface_endpoint"].of(HOURS),
    }


def _changes(deployment: Deployment) -> Iterator[Mapping[str, object]]:
    yield from ({"stream_mode": mode} for mode in StreamMode)
    yield from ({"architecture": kind} for kind in Architecture)
    for name in ("shards", "edge_tasks", "worker_tasks"):
        count = getattr(deployment, name)
        yield from ({name: other} for other in (count - 1, count + 1) if other > 0)
    for task in ("edge", "worker", "days"):
        yield from ({f"{task}_cpu": cpu, f"{task}_memory": memory} for cpu, memory in fargate.sizes())
