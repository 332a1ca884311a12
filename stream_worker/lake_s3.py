"""The lake on Amazon S3."""

from __future__ import annotations

import time
from http import HTTPStatus
from typing import TYPE_CHECKING, Final

from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from stream_worker.aws_errors import told
from stream_worker.errors import OutageError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from mypy_boto3_s3 import S3Client

    from stream_worker.errors import SetupError

CONFIG: Final = Config(
    connect_timeout=5, read_timeout=10, retries={"mode": "standard", "total_max_attempts": 6}
)
"""For the client: seconds of refusals and a minute of silence are waited out, more ends the worker."""

_CONFLICT_TRIES: Final = 10


class S3Lake:
    """A bucket; raises `SetupError` when it is missing or refused, `OutageError` when S3 does not answer."""

    def __init__(self, client: S3Client, bucket: str) -> None:
        self._client = client
        self._bucket = bucket

    def put_new(self, key: str, body: bytes, metadata: Mapping[str, str]) -> bool:
        """PUT with `If-None-Match: *`; 412 is False, 409 (another PUT under way) is tried again."""
        for attempt in range(_CONFLICT_TRIES):
            try:
                self._client.put_object(
                    Bucket=self._bucket, Key=key, Body=body, Metadata=dict(metadata), IfNoneMatch="*"
                )
            except ClientError as error:
                status = error.response["ResponseMetadata"]["HTTPStatusCode"]
                if status == HTTPStatus.PRECONDITION_FAILED:
                    return False
                if status != HTTPStatus.CONFLICT:
                    raise self._told(error) from error
                time.sleep(min(0.05 * 2**attempt, 2))
            except BotoCoreError as error:
                raise self._told(error) from error
            else:
                return True
        raise OutageError(f"S3 answered 409 {_CONFLICT_TRIES} times for one key; start the worker again")

    def metadata(self, key: str) -> Mapping[str, str]:
        """HEAD the object."""
        try:
            return self._client.head_object(Bucket=self._bucket, Key=key)["Metadata"]
        except (BotoCoreError, ClientError) as error:
            raise self._told(error) from error

    def get(self, key: str) -> bytes:
        """GET the object."""
        try:
            return self._client.get_object(Bucket=self._bucket, Key=key)["Body"].read()
        except (BotoCoreError, ClientError) as error:
            raise self._told(error) from error

    def keys(self, prefix: str) -> Iterator[str]:
        """LIST the objects, page by page."""
        pages = self._client.get_paginator("list_objects_v2").paginate(Bucket=self._bucket, Prefix=prefix)
        try:
            for page in pages:
                for found in page.get("Contents", []):
                    yield found["Key"]
        except (BotoCoreError, ClientError) as error:
            raise self._told(error) from error

    def folders(self, prefix: str) -> list[str]:
        """LIST the common prefixes, page by page."""
        pages = self._client.get_paginator("list_objects_v2").paginate(
            Bucket=self._bucket, Prefix=prefix, Delimiter="/"
        )
        try:
            return [
                found["Prefix"].removeprefix(prefix).rstrip("/")
                for page in pages
                for found in page.get("CommonPrefixes", [])
            ]
        except (BotoCoreError, ClientError) as error:
            raise self._told(error) from error

    def _told(self, error: BotoCoreError | ClientError) -> SetupError | OutageError:
        return told(error, f"bucket {self._bucket}", "METRICS_BUCKET")
