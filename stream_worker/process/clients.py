"""The AWS clients of every process of the worker, and their patience."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any, Final

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError

from stream_worker.process.aws_errors import worker_error
from stream_worker.process.errors import SetupError

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_glue import GlueClient
    from mypy_boto3_s3 import S3Client

_CONFIG: Final = Config(
    connect_timeout=5, read_timeout=10, retries={"mode": "standard", "total_max_attempts": 6}
)
"""Seconds of refusals and a minute of silence are waited out here; who needs more patience has its own."""

_FOR_THE_LAKE: Final = _CONFIG.merge(Config(retries={"mode": "standard", "total_max_attempts": 3}))
"""The lake's own patience is longer and is logged; boto3's pauses grow to 16 s, silent and deaf to a stop."""


_IN_PASSING: Final = Config(
    connect_timeout=1, read_timeout=2, retries={"mode": "standard", "total_max_attempts": 2}
)
"""For what can wait until the next time, and must not hold up what comes after it."""


def client(service: str, config: Config = _CONFIG) -> Any:  # noqa: ANN401 - each service's client has its own type
    """Return a client of a service; raise `SetupError` when the AWS_* variables cannot be used.

    `OutageError` when the agent that hands out the credentials does not answer.
    """
    try:
        session = boto3.Session(region_name=os.environ.get("AWS_REGION"))  # ECS sets it, boto3 ignores it
        return session.client(service, config=config)  # type: ignore[call-overload] # a name for each overload
    except BotoCoreError as error:
        raise worker_error(error, f"client of {service}", "AWS_REGION, AWS_ENDPOINT_URL") from error
    except ValueError as error:  # an endpoint that is no URL
        raise SetupError(f"{error}; set AWS_ENDPOINT_URL to a URL or not at all") from error


def s3() -> S3Client:
    """Return a client for the lake; raises as `client` does."""
    made: S3Client = client("s3", _FOR_THE_LAKE)
    return made


def dynamodb() -> DynamoDBClient:
    """Return a client for the lease tables; raises as `client` does."""
    made: DynamoDBClient = client("dynamodb")
    return made


def glue(*, in_passing: bool = False) -> GlueClient:
    """Return a client for the catalog, which gives up soon if asked `in_passing`; `SetupError` as above."""
    made: GlueClient = client("glue", _IN_PASSING if in_passing else _CONFIG)
    return made
