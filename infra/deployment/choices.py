"""What an operator may choose of a deployment; the defaults are the cheapest for a million reports a day.

Each choice is a key of the CDK's context (cdk.json, or `-c name=value`), which gives text where it comes from
a command line. `python -m infra.cost` reckons with the same defaults.
"""

from __future__ import annotations

import math
from enum import StrEnum
from typing import TYPE_CHECKING, Final, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from infra.deployment import fargate
from schemas.retention import REJECTS_DAYS

if TYPE_CHECKING:
    from collections.abc import Mapping

PREFIX: Final = "metrics:"
"""Before each choice's name in the context, where the CDK keeps its own flags too."""


_ON_DEMAND_SHARDS: Final = 4


class DeploymentError(Exception):
    """The context cannot be used; the text says which key, and what it may be."""


class StreamMode(StrEnum):
    """How the stream is paid: by the shard and hour, or by what goes through it."""

    PROVISIONED = "provisioned"
    ON_DEMAND = "on-demand"


class Architecture(StrEnum):
    """The processors of the tasks. Arm costs a fifth less; building for it elsewhere requires emulation."""

    ARM64 = "arm64"
    X86_64 = "x86_64"


class Deployment(BaseModel):
    """The choices. Processor units are ECS's (1024 are one vCPU), memory is in MiB."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    stream_mode: StreamMode = StreamMode.PROVISIONED
    shards: int = Field(1, ge=1, le=500)
    # The stream holds refused reports too, and the public is promised that those are gone after 30 days.
    retention_hours: int = Field(168, ge=24, le=24 * REJECTS_DAYS)
    application: str = Field("metrics-worker", pattern=r"^[A-Za-z0-9_.-]{3,200}$")
    database: str = Field("metrics", pattern=r"^[a-z0-9_]{1,200}$")
    architecture: Architecture = Architecture.ARM64
    edge_cpu: int = 256
    edge_memory: int = 512
    edge_tasks: int = Field(1, ge=1)
    edge_most_tasks: int = Field(10, ge=1)
    worker_cpu: int = 256
    worker_memory: int = 1024
    worker_tasks: int = Field(1, ge=1)
    days_cpu: int = 1024
    days_memory: int = 4096
    domain_name: str | None = None
    hosted_zone_id: str | None = None
    certificate_arn: str | None = None
    access_logs: bool = False
    log_days: int = 30
    requests_per_address: int = Field(100, ge=10)
    scan_limit_gib: int = Field(10, ge=1)
    alarm_email: str | None = None

    @model_validator(mode="after")
    def _zone_has_domain(self) -> Self:
        if self.domain_name and not (self.hosted_zone_id or self.certificate_arn):
            raise ValueError(
                "domain_name requires hosted_zone_id (its Route 53 zone) or certificate_arn (ACM)"
            )
        if not self.domain_name and (self.hosted_zone_id or self.certificate_arn):
            raise ValueError("hosted_zone_id and certificate_arn require domain_name")
        return self

    @model_validator(mode="after")
    def _tasks_are_fargates(self) -> Self:
        for task in ("edge", "worker", "days"):
            cpu, memory = getattr(self, f"{task}_cpu"), getattr(self, f"{task}_memory")
            if (cpu, memory) not in fargate.sizes():
                known = "; ".join(f"{units}: {fargate.SIZES[units]}" for units in fargate.SIZES)
                raise ValueError(
                    f"{task}_cpu {cpu} with {task}_memory {memory} is not a Fargate task size;"
                    f" choose one of: {known}"
                )
        return self

    @model_validator(mode="after")
    def _worker_has_room(self) -> Self:
        required = math.ceil(fargate.worker_mib(self.open_shards, self.worker_tasks))
        if self.worker_memory < required:
            raise ValueError(
                f"worker_memory {self.worker_memory} is too little for {self.open_shards} shards on"
                f" {self.worker_tasks} tasks: set at least {required} MiB, or raise worker_tasks"
            )
        return self

    @property
    def open_shards(self) -> int:
        """How many shards the stream begins with; on demand Kinesis makes four."""
        return self.shards if self.stream_mode is StreamMode.PROVISIONED else _ON_DEMAND_SHARDS

    @property
    def worker_most_tasks(self) -> int:
        """A shard has one reader, so more workers than shards would be idle."""
        return max(self.worker_tasks, self.open_shards)


def read(context: Mapping[str, object]) -> Deployment:
    """Return the choices in a CDK context; raise `DeploymentError` for an unknown name or a wrong value."""
    ours = {name.removeprefix(PREFIX): value for name, value in context.items() if name.startswith(PREFIX)}
    try:
        return Deployment.model_validate(ours)
    except ValidationError as error:
        problems = "; ".join(
            f"{PREFIX}{wrong['loc'][0]}: {wrong['msg']}" if wrong["loc"] else str(wrong["msg"])
            for wrong in error.errors()
        )
        raise DeploymentError(f"{problems} (known: {', '.join(Deployment.model_fields)})") from error
