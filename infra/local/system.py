"""The whole system on one machine: the emulated cloud, its resources, the edge and the worker."""

from __future__ import annotations

import os
import sysconfig
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Final

import boto3

from infra.local.emulator import clocks
from infra.local.emulator.control import ask
from infra.local.endpoint import REGION, Endpoint, start_cloud
from infra.local.ports import LOOPBACK, reserve
from infra.local.process import Process, answers
from infra.local.resources import Resources, create, named
from infra.local.surroundings import without_aws
from stream_worker.lake.s3_store import S3Lake
from stream_worker.publication.glue import GlueCatalog
from stream_worker.shard_life.pulse import beats

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from datetime import datetime

    from mypy_boto3_glue import GlueClient
    from mypy_boto3_kinesis import KinesisClient
    from mypy_boto3_s3 import S3Client

RESOURCES: Final = named({})
_LEASES_SECONDS: Final = 120
_SCRIPTS: Final = Path(sysconfig.get_path("scripts"))


@dataclass(frozen=True)
class Cloud:
    """The emulated cloud and its clients. `environment` is what a shell or a process needs to use it.

    `kinesis_url` is for a Kinesis that is not the endpoint's own.
    """

    endpoint: Endpoint
    resources: Resources
    kinesis_url: str | None = None

    @property
    def environment(self) -> dict[str, str]:
        """The AWS_* and METRICS_* variables."""
        elsewhere = {"AWS_ENDPOINT_URL_KINESIS": self.kinesis_url} if self.kinesis_url else {}
        return {
            **self.endpoint.environment,
            **elsewhere,
            "METRICS_STREAM": self.resources.stream,
            "METRICS_BUCKET": self.resources.bucket,
            "METRICS_DATABASE": self.resources.database,
        }

    @cached_property
    def _session(self) -> boto3.Session:
        keys = self.endpoint.environment
        return boto3.Session(keys["AWS_ACCESS_KEY_ID"], keys["AWS_SECRET_ACCESS_KEY"], region_name=REGION)

    @cached_property
    def kinesis(self) -> KinesisClient:
        """Its Kinesis."""
        return self._session.client("kinesis", endpoint_url=self.kinesis_url or self.endpoint.url)

    @cached_property
    def s3(self) -> S3Client:
        """Its S3."""
        return self._session.client("s3", endpoint_url=self.endpoint.url)

    @cached_property
    def glue(self) -> GlueClient:
        """Its Glue."""
        return self._session.client("glue", endpoint_url=self.endpoint.url)

    @property
    def lake(self) -> S3Lake:
        """The lake, as the worker knows it."""
        return S3Lake(self.s3, self.resources.bucket)

    @property
    def catalog(self) -> GlueCatalog:
        """The catalog, as the worker knows it."""
        return GlueCatalog(self.glue, self.resources.database, self.resources.bucket)

    def set_clock(self, now: datetime | None, jitter_seconds: float = 0) -> None:
        """Let records arrive on the stream at `now` (None: the machine's time) and from then on.

        Each is up to `jitter_seconds` off. Raises `ValueError` if records have arrived later, or `now` has no
        UTC offset. It is the emulator's own Kinesis that is set.
        """
        document = {"now": now and now.isoformat(), "jitter_seconds": jitter_seconds}
        ask(self.endpoint.url, "PUT", f"{clocks.PATH}?stream={self.resources.stream}", document)


@dataclass(frozen=True, slots=True)
class System:
    """Everything, running. Edge and worker are the commands of production, pointed here by environment."""

    cloud: Cloud
    edge_url: str
    processes: tuple[Process, ...]
    health_folder: Path

    @property
    def environment(self) -> dict[str, str]:
        """What a shell needs to use the cloud and to start an edge or a worker of its own."""
        return self.cloud.environment

    def await_shards(self) -> None:
        """Return when a worker on the Kinesis Client Library has a process for each shard.

        Raises `ProcessError` with the tail of its log when it ends before, or takes more than two minutes.
        """
        _, worker, _ = self.processes
        shards = self.cloud.resources.shards
        worker.wait_ready(lambda: len(beats(self.health_folder)) == shards, _LEASES_SECONDS)


@contextmanager
def start_resources(logs: Path, resources: Resources = RESOURCES) -> Iterator[Cloud]:
    """Start the cloud with stream, bucket and catalog; logs go into the folder `logs`."""
    with start_cloud(logs / "cloud.log") as endpoint:
        cloud = Cloud(endpoint, resources)
        create(resources, kinesis=cloud.kinesis, s3=cloud.s3, glue=cloud.glue)
        yield cloud


@contextmanager
def start_system(
    logs: Path, *, port: int | None = None, engine: str = "poll", settings: Mapping[str, str] | None = None
) -> Iterator[System]:
    """Start everything and wait until the edge can publish; stop everything at the end, the worker last.

    Without `port` the edge takes a free one. `settings` are METRICS_* variables for edge and worker, which
    runs on `engine`. Raises `ProcessError` with the tail of its log when a process does not start.
    """
    with (
        start_resources(logs) as cloud,
        start_processes(cloud, logs, port=port, engine=engine, settings=settings) as system,
    ):
        yield system


@contextmanager
def start_processes(
    cloud: Cloud,
    logs: Path,
    *,
    port: int | None = None,
    engine: str = "poll",
    settings: Mapping[str, str] | None = None,
) -> Iterator[System]:
    """Start the worker and the edge on a cloud that has its resources; as `start_system` otherwise."""
    with ExitStack() as stack:
        edge_port = port or stack.enter_context(reserve())
        folder = logs / "health"
        own = {"METRICS_HEALTH_FOLDER": str(folder)} | dict(settings or {})
        environment = clean_environment() | cloud.environment | own
        worker = stack.enter_context(start_worker(cloud, logs / "worker.log", environment, engine=engine))
        edge = stack.enter_context(start_edge(logs / "edge.log", environment, edge_port))
        yield System(cloud, f"http://{LOOPBACK}:{edge_port}", (cloud.endpoint.process, worker, edge), folder)


def start_worker(
    cloud: Cloud, log: Path, environment: Mapping[str, str] | None = None, *, engine: str = "poll"
) -> Process:
    """Start `stream-worker run`."""
    variables = environment or clean_environment() | cloud.environment
    command = [str(_SCRIPTS / "stream-worker"), "run", "--engine", engine]
    return Process("worker", command, log=log, environment=variables)


@contextmanager
def start_edge(log: Path, environment: Mapping[str, str], port: int) -> Iterator[Process]:
    """Start `ingest-api` on a port and wait until it can publish."""
    variables = {**environment, "METRICS_HOST": LOOPBACK, "METRICS_PORT": str(port)}
    with Process("edge", [str(_SCRIPTS / "ingest-api")], log=log, environment=variables) as process:
        process.wait_ready(lambda: answers(f"http://{LOOPBACK}:{port}/readyz"))
        yield process


def clean_environment() -> dict[str, str]:
    """Return this process's environment without what would lead elsewhere (a profile, a proxy, a stream)."""
    return without_aws(os.environ)
