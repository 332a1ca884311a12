"""The worker's settings."""

from __future__ import annotations

import os
from enum import StrEnum
from pathlib import Path  # noqa: TC003 - pydantic reads the annotation
from typing import Annotated

from pydantic import BeforeValidator, Field

from schemas.environment import Settings
from stream_worker.process import health_folder
from stream_worker.process.limits import Limits


class Retrieval(StrEnum):
    """How the Kinesis Client Library reads."""

    POLLING = "polling"
    FANOUT = "fanout"


class InitialPosition(StrEnum):
    """Where it begins on a shard that it has not read yet."""

    TRIM_HORIZON = "TRIM_HORIZON"
    LATEST = "LATEST"


class KclMetrics(StrEnum):
    """How many of its own metrics it sends to CloudWatch, which charges for them."""

    OFF = "off"
    SUMMARY = "summary"
    DETAILED = "detailed"


def _pairs(text: object) -> object:
    """Read `name=value;name=value`; a value that is not text is left to the type to reject."""
    if not isinstance(text, str):
        return text
    parts = [part.strip() for part in text.split(";") if part.strip()]
    split = [part.partition("=") for part in parts]
    if not all(sign and name.strip() for name, sign, _ in split):
        raise ValueError("give name=value pairs with a semicolon in between")
    return {name.strip(): value.strip() for name, _, value in split}


class WorkerSettings(Settings):
    """The worker's settings, read from the environment once, at its start."""

    stream: str = Field("metrics", min_length=1)
    bucket: str = Field(min_length=3)
    database: str = Field("metrics", min_length=1)
    application: str = Field("metrics-worker", pattern=r"^[A-Za-z0-9_.-]{3,200}$")
    flush_records: int = Field(50_000, ge=1)
    flush_bytes: int = Field(33_554_432, ge=1)
    flush_seconds: float = Field(60, gt=0)
    health_folder: Path = Field(default_factory=lambda: health_folder.default(os.environ))
    kcl_retrieval: Retrieval = Retrieval.POLLING
    kcl_initial_position: InitialPosition = InitialPosition.TRIM_HORIZON
    kcl_failover_seconds: float = Field(3, ge=1, le=300)
    kcl_max_leases: int | None = Field(None, ge=1)
    kcl_worker_id: str | None = Field(None, min_length=1, max_length=200)
    kcl_metrics: KclMetrics = KclMetrics.OFF
    kcl_properties: Annotated[dict[str, str], BeforeValidator(_pairs)] = Field(default_factory=dict)

    @property
    def limits(self) -> Limits:
        """When a shard's buffer is flushed."""
        return Limits(self.flush_records, self.flush_bytes, self.flush_seconds)
