"""A lake in a bucket, read as the partitions of its catalog say.

Not s3fs: it allows only an older botocore (stream_worker/decisions/0009-parts-of-our-own.md).
"""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final

from botocore.exceptions import BotoCoreError, ClientError
from fsspec import AbstractFileSystem
from fsspec.spec import AbstractBufferedFile

from infra.analytics.location import LocationError
from stream_worker.lake.s3_store import S3Lake
from stream_worker.process import clients
from stream_worker.process.errors import WorkerError
from stream_worker.publication.glue import GlueCatalog

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from datetime import date, datetime

    from mypy_boto3_s3 import S3Client

SCHEME: Final = "s3://"


@dataclass(frozen=True)
class Bucket:
    """A bucket and the database of its catalog. Access is boto3's: the AWS_* variables, profiles, roles."""

    bucket: str
    database: str

    @property
    def name(self) -> str:
        """`s3://bucket`."""
        return f"{SCHEME}{self.bucket}"

    @cached_property
    def filesystem(self) -> AbstractFileSystem:
        """Reads those parts of objects that a query needs."""
        return _Files(self._client)

    def days(self, table: str) -> Mapping[date, str]:
        """Return the catalog's partitions; raise `LocationError` where it cannot be read."""
        try:
            return dict(sorted(GlueCatalog(clients.glue(), self.database, self.bucket).days(table).items()))
        except WorkerError as error:
            raise LocationError(f"the catalog cannot be read: {error}") from error

    def files(self, prefix: str) -> list[str]:
        """Return the objects' URLs below a prefix; raise `LocationError` where they cannot be listed."""
        try:
            keys = list(S3Lake(self._client, self.bucket).keys(prefix))
        except WorkerError as error:
            raise LocationError(f"the lake cannot be read: {error}") from error
        return [f"{self.name}/{key}" for key in keys if key.endswith(".parquet")]

    @cached_property
    def _client(self) -> S3Client:
        try:
            return clients.s3()
        except WorkerError as error:
            raise LocationError(str(error)) from error


class _Files(AbstractFileSystem):  # type: ignore[misc] # fsspec ships no types
    """Objects as files for DuckDB, which has S3 only as an extension to be downloaded from its own site."""

    protocol = "s3"
    cachable = False

    def __init__(self, client: S3Client) -> None:
        super().__init__()
        self.client = client

    def info(self, path: str, **_: Any) -> dict[str, Any]:  # noqa: ANN401 - fsspec's signature
        """Return an object's size and time."""
        bucket, key = _parted(path)
        with _file_errors(path):
            head = self.client.head_object(Bucket=bucket, Key=key)
        return {"name": path, "size": head["ContentLength"], "type": "file", "modified": head["LastModified"]}

    def modified(self, path: str) -> datetime:
        """Return when the object was written."""
        written: datetime = self.info(path)["modified"]
        return written

    def _open(self, path: str, mode: str = "rb", **_: Any) -> _File:  # noqa: ANN401 - fsspec's signature
        # Nothing is read ahead: DuckDB asks for whole columns of a row group.
        return _File(self, path, mode, cache_type="none")


class _File(AbstractBufferedFile):  # type: ignore[misc] # fsspec ships no types
    def _fetch_range(self, start: int, end: int) -> bytes:
        bucket, key = _parted(self.path)
        with _file_errors(self.path):
            found = self.fs.client.get_object(Bucket=bucket, Key=key, Range=f"bytes={start}-{end - 1}")
            body: bytes = found["Body"].read()
        return body


@contextmanager
def _file_errors(path: str) -> Iterator[None]:
    """Turn what boto3 raises into `OSError`, which DuckDB reports as a file that it cannot read."""
    try:
        yield
    except (BotoCoreError, ClientError) as error:
        raise OSError(f"{path}: {error}") from error


def _parted(path: str) -> tuple[str, str]:
    bucket, _, key = path.removeprefix(SCHEME).partition("/")
    return bucket, key
