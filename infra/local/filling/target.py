"""Where a story is played: an emulator's stream, bucket and catalog, and the clock of its stream."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

from infra.local.emulator import clocks
from infra.local.emulator.control import ask
from stream_worker.lake.s3_store import S3Lake
from stream_worker.publication.glue import GlueCatalog
from stream_worker.stream.kinesis import KinesisStream

if TYPE_CHECKING:
    from datetime import datetime

    from mypy_boto3_glue import GlueClient
    from mypy_boto3_kinesis import KinesisClient
    from mypy_boto3_s3 import S3Client

    from infra.local.resources import Resources
    from infra.local.system import Cloud


@dataclass(frozen=True)
class Target:
    """Clients of an emulator, and the names of what is there."""

    kinesis: KinesisClient
    s3: S3Client
    glue: GlueClient
    names: Resources

    @classmethod
    def of(cls, cloud: Cloud) -> Self:
        """Return a cloud of this process as a target."""
        return cls(cloud.kinesis, cloud.s3, cloud.glue, cloud.resources)

    @property
    def stream(self) -> KinesisStream:
        """The stream, as the worker knows it."""
        return KinesisStream(self.kinesis, self.names.stream)

    @property
    def lake(self) -> S3Lake:
        """The lake, as the worker knows it."""
        return S3Lake(self.s3, self.names.bucket)

    @property
    def catalog(self) -> GlueCatalog:
        """The catalog, as the worker knows it."""
        return GlueCatalog(self.glue, self.names.database, self.names.bucket)

    def clock(self) -> None:
        """Ask for the stream's time; `ValueError` where there is no clock that can be set."""
        self._clock("GET", None)

    def set_clock(self, now: datetime | None, jitter_seconds: float = 0) -> None:
        """Let records arrive at `now` (None: the machine's time), each up to `jitter_seconds` off.

        Raises `ValueError` if records have arrived later.
        """
        self._clock("PUT", {"now": now and now.isoformat(), "jitter_seconds": jitter_seconds})

    def _clock(self, method: str, document: object) -> None:
        url = f"{clocks.PATH}?stream={self.names.stream}"
        ask(self.kinesis.meta.endpoint_url, method, url, document)
