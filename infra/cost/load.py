"""What so many reports a day ask of each part."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

from infra.cost.price import DAYS
from infra.deployment import measured
from stream_worker.process.limits import Limits
from stream_worker.process.settings import WorkerSettings

GB: Final = 2**30
SHARD_RECORDS: Final = 1_000
SHARD_BYTES: Final = 2**20
"""What a shard takes in a second."""

_DAY_SECONDS: Final = 86_400
_FIELDS: Final = WorkerSettings.model_fields
_LIMITS: Final = Limits(
    _FIELDS["flush_records"].default, _FIELDS["flush_bytes"].default, _FIELDS["flush_seconds"].default
)


@dataclass(frozen=True, slots=True)
class Load:
    """Reports, a day's number."""

    reports: float

    @property
    def month_millions(self) -> float:
        """A month's reports, in millions."""
        return self.reports * DAYS / 1e6

    @property
    def mean(self) -> float:
        """Reports a second, over the day."""
        return self.reports / _DAY_SECONDS

    @property
    def peak(self) -> float:
        """Reports a second, in the busiest hour."""
        return self.mean * measured.PEAK

    @property
    def shards(self) -> int:
        """How many shards take the peak."""
        of_records = self.peak / SHARD_RECORDS
        of_bytes = self.peak * measured.RECORD_BYTES / SHARD_BYTES
        return max(1, math.ceil(of_records), math.ceil(of_bytes))

    def month_gb(self, bytes_each: float) -> float:
        """Return a month's GB of so many bytes for each report."""
        return self.reports * DAYS * bytes_each / GB

    def segments(self, shards: int) -> float:
        """Return a day's segments: each shard commits when the first of the worker's limits is reached."""
        rate = self.mean / shards
        bytes_a_second = rate * measured.RECORD_BYTES
        seconds = min(_LIMITS.seconds + 1 / rate, _LIMITS.records / rate, _LIMITS.bytes / bytes_a_second)
        return shards * _DAY_SECONDS / seconds

    def rejects(self, shards: int) -> float:
        """Return how many of a day's segments have an object of rejects beside them."""
        segments = self.segments(shards)
        none: float = (1 - measured.REJECT_SHARE) ** (self.reports / segments)
        return segments * (1 - none)

    @property
    def seal_seconds(self) -> float:
        """How long a day takes to seal on two cores; between what was measured, and beyond, in proportion."""
        (first, *_), *_ = known = sorted(measured.SEAL_SECONDS.items())
        if self.reports <= first:
            return known[0][1]
        at = max((point for point in known if point[0] <= self.reports), key=lambda point: point[0])
        return at[1] * self.reports / at[0]
