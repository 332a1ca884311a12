"""When a shard's buffer is flushed: a setting, and no more."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Limits:
    """When a buffer is flushed: number of records, bytes of their bodies, seconds since the oldest came."""

    records: int
    bytes: int
    seconds: float
