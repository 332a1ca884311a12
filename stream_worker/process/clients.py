"""The AWS clients of every worker process, with their time-outs and retries."""

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
"""Covers seconds of refusals and a minute of silence; callers that need more patience retry themselves."""

_FOR_THE_LAKE: Final = _CONFIG.merge(Config(retries={"mode": "standard", "total_max_attempts": 3}))
"""The lake retries for longer, and logs it; boto3's pauses grow to 16 s, unlogged and blind to a stop."""


_IN_PASSING: Final = Config(
    connect_timeout=1, read_timeout=2, retries={"mode": "standard", "total_max_attempts": 2}
)
"""For calls that may fail until the next try, and must not delay the work that follows."""


def client(service: str, config: Config = _CONFIG) -> Any:  # noqa: ANN401 - each service's client has its own type
    """Return a client of a service; raise `SetupError` when the AWS_* variables cannot be used.

    `OutageError` when the agent that hands out the credentials does not answer.
    """
    try:
        session = boto3.Session(region_name=os.environ.get("AWS_REGION"))  # ECS sets it, boto3 ignores it
        return session.client(service, config=config)  # type: ignore[call-overload] # a name for each overload
    except BotoCoreError as error:
        raise worker_error(error, f"client of {service}", "AWS_REGION, AWS_ENDPOINT_URL") from error
    except ValueError as error:  # an endpoint that is not a URL
        raise SetupError(f"{error}; set AWS_ENDPOINT_URL to a URL, or unset it") from error


def s3() -> S3Client:
    """Return a client for the lake; raises as `client` does."""
    made: S3Client = client("s3", _FOR_THE_LAKE)
    return made


def dynamodb() -> DynamoDBClient:
    """Return a client for the lease tables; raises as `client` does."""
    made: DynamoDBClient = client("dynamodb")
    return made


def glue(*, in_passing: bool = False) -> GlueClient:
    """Return a client for the catalog, which gives up early if `in_passing`; raises as `client` does."""
    made: GlueClient = client("glue", _IN_PASSING if in_passing else _CONFIG)
    return made
