"""The worker's settings."""

from pydantic import Field

from schemas.environment import Settings
from stream_worker.buffer import Limits


class WorkerSettings(Settings):
    """What the worker reads from the environment, once, at its start."""

    stream: str = Field("metrics", min_length=1)
    bucket: str = Field(min_length=3)
    flush_records: int = Field(50_000, ge=1)
    flush_bytes: int = Field(33_554_432, ge=1)
    flush_seconds: float = Field(60, gt=0)

    @property
    def limits(self) -> Limits:
        """When a shard's buffer is flushed."""
        return Limits(self.flush_records, self.flush_bytes, self.flush_seconds)
