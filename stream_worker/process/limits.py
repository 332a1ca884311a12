"""When a shard's buffer is flushed."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Limits:
    """Flush at so many records, so many bytes of their bodies, or seconds after the oldest was received."""

    records: int
    bytes: int
    seconds: float
