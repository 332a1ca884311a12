"""Makes the stream, the bucket and the catalog that edge and worker need, anywhere but in AWS."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

import botocore.session

from infra.deployment.catalog import table_input
from infra.local.surroundings import why_aws_itself
from schemas.tables import TABLES

if TYPE_CHECKING:
    from collections.abc import Mapping

    from botocore.client import BaseClient
    from mypy_boto3_glue import GlueClient
    from mypy_boto3_kinesis import KinesisClient
    from mypy_boto3_s3 import S3Client

RETENTION_HOURS: Final = 168
"""A week, as in production: so long a day can be built again from the stream."""

_NO_CONSTRAINT: Final = "us-east-1"
"""The one region that S3 does not accept as a location constraint."""


class NoEndpointError(Exception):
    """The clients would reach AWS itself; the text says which variable to set."""


@dataclass(frozen=True, slots=True)
class Resources:
    """The names of what must exist. A stream that exists already keeps its shards."""

    stream: str
    shards: int
    bucket: str
    database: str


def named(environment: Mapping[str, str], shards: int = 2) -> Resources:
    """Return what METRICS_STREAM, METRICS_BUCKET and METRICS_DATABASE name, or this machine's own names."""
    return Resources(
        stream=environment.get("METRICS_STREAM", "metrics"),
        shards=shards,
        bucket=environment.get("METRICS_BUCKET", "metrics-lake"),
        database=environment.get("METRICS_DATABASE", "metrics"),
    )


def create(names: Resources, *, kinesis: KinesisClient, s3: S3Client, glue: GlueClient) -> None:
    """Make what is missing and return when the stream is active; again and again with the same result.

    Raise `NoEndpointError` before anything is made if a client points at AWS: there the stacks make all this.
    """
    for client in (kinesis, s3, glue):
        _refuse_aws(client)
    _create_bucket(s3, names.bucket)
    _create_catalog(glue, names)
    _create_stream(kinesis, names)


def _refuse_aws(client: BaseClient) -> None:
    host = urlsplit(client.meta.endpoint_url).hostname or ""
    partitions = botocore.session.get_session().get_data("partitions")["partitions"]
    suffixes = {
        partition["outputs"][name] for partition in partitions for name in ("dnsSuffix", "dualStackDnsSuffix")
    }
    if any(host.endswith(f".{suffix}") for suffix in suffixes):
        service = client.meta.service_model.service_id.upper().replace(" ", "_")
        raise NoEndpointError(
            f"{host} is AWS itself. Set AWS_ENDPOINT_URL (or AWS_ENDPOINT_URL_{service}) to an emulator's."
            f"{why_aws_itself()}"
        )


def _create_bucket(s3: S3Client, bucket: str) -> None:
    region = s3.meta.region_name
    try:
        if region == _NO_CONSTRAINT:
            s3.create_bucket(Bucket=bucket)
        else:
            s3.create_bucket(Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": region})  # type: ignore[typeddict-item] # the stubs list the regions of their day
    except s3.exceptions.BucketAlreadyOwnedByYou:
        pass


def _create_stream(kinesis: KinesisClient, names: Resources) -> None:
    with suppress(kinesis.exceptions.ResourceInUseException):
        kinesis.create_stream(StreamName=names.stream, ShardCount=names.shards)
    _await_active(kinesis, names.stream)
    summary = kinesis.describe_stream_summary(StreamName=names.stream)["StreamDescriptionSummary"]
    if summary["RetentionPeriodHours"] < RETENTION_HOURS:
        kinesis.increase_stream_retention_period(
            StreamName=names.stream, RetentionPeriodHours=RETENTION_HOURS
        )
        _await_active(kinesis, names.stream)


def _await_active(kinesis: KinesisClient, stream: str) -> None:
    waiter = kinesis.get_waiter("stream_exists")
    waiter.wait(StreamName=stream, WaiterConfig={"Delay": 1, "MaxAttempts": 60})


def _create_catalog(glue: GlueClient, names: Resources) -> None:
    with suppress(glue.exceptions.AlreadyExistsException):
        glue.create_database(DatabaseInput={"Name": names.database})
    for table in TABLES:
        described = table_input(table, names.bucket)
        try:
            glue.create_table(DatabaseName=names.database, TableInput=described)
        except glue.exceptions.AlreadyExistsException:
            glue.update_table(DatabaseName=names.database, TableInput=described)
