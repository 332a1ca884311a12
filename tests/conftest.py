"""What tests of every room may use: the emulated AWS, one process for each worker of pytest-xdist."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import boto3
import pytest
from botocore.config import Config
from hypothesis import HealthCheck, settings

from infra.deployment.catalog import table_input
from infra.local.emulator import calls
from infra.local.emulator.control import ask
from infra.local.endpoint import CREDENTIAL, REGION, Endpoint, start_cloud
from schemas.tables import TABLES
from tests.support.permissions import not_allowed

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_glue import GlueClient
    from mypy_boto3_kinesis import KinesisClient
    from mypy_boto3_s3 import S3Client

# A busy machine may take seconds for what takes milliseconds; how long something takes is for the benchmarks.
settings.register_profile("busy", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("busy")

SESSION = boto3.Session(CREDENTIAL, CREDENTIAL, region_name=REGION)


@dataclass(frozen=True)
class Cloud:
    """The emulator's endpoint and clients for it. It is shared: name what you make by `fresh_name`."""

    endpoint: Endpoint

    @property
    def url(self) -> str:
        return self.endpoint.url

    @cached_property
    def kinesis(self) -> KinesisClient:
        return SESSION.client("kinesis", endpoint_url=self.url, config=QUICK)

    @cached_property
    def s3(self) -> S3Client:
        return SESSION.client("s3", endpoint_url=self.url, config=QUICK)

    @cached_property
    def glue(self) -> GlueClient:
        return SESSION.client("glue", endpoint_url=self.url, config=QUICK)

    @cached_property
    def dynamodb(self) -> DynamoDBClient:
        return SESSION.client("dynamodb", endpoint_url=self.url, config=QUICK)


QUICK = Config(retries={"total_max_attempts": 1}, max_pool_connections=32)
"""A test must see the first answer, not that of a silent second attempt."""


@pytest.fixture(scope="session")
def cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cloud]:
    """Start the emulator; at the end, hold what edge, worker and day commands called to their roles."""
    with start_cloud(tmp_path_factory.mktemp("cloud") / "cloud.log") as endpoint:
        yield Cloud(endpoint)
        assert not_allowed(ask(endpoint.url, "GET", calls.PATH)) == []


@pytest.fixture
def fresh_name() -> str:
    return f"test-{uuid.uuid4().hex[:12]}"


@pytest.fixture
def bucket(cloud: Cloud, fresh_name: str) -> str:
    cloud.s3.create_bucket(Bucket=fresh_name)
    return fresh_name


@pytest.fixture
def database(cloud: Cloud, fresh_name: str) -> str:
    """Make a database with both tables, over the bucket of the same name."""
    cloud.glue.create_database(DatabaseInput={"Name": fresh_name})
    for table in TABLES:
        cloud.glue.create_table(DatabaseName=fresh_name, TableInput=table_input(table, fresh_name))
    return fresh_name


@pytest.fixture
def stream(cloud: Cloud, fresh_name: str) -> str:
    """Make a stream with one shard."""
    cloud.kinesis.create_stream(StreamName=fresh_name, ShardCount=1)
    return fresh_name
