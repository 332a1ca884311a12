"""The catalog in AWS Glue, which Athena reads."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Final, cast

from schemas.tables import TABLES
from stream_worker.lake.keys import LIVE, day_folder
from stream_worker.process.aws_errors import told_of
from stream_worker.process.errors import SetupError

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

    from mypy_boto3_glue import GlueClient
    from mypy_boto3_glue.type_defs import PartitionInputTypeDef, PartitionTypeDef, StorageDescriptorTypeDef

_TABLES: Final = {table.name: table for table in TABLES}


class GlueCatalog:
    """A database of Glue's; raises `SetupError` when it is missing or refused, `OutageError` in an outage."""

    def __init__(self, client: GlueClient, database: str, bucket: str) -> None:
        self._client = client
        self._database = database
        self._root = f"s3://{bucket}/"

    def add_live(self, day: date) -> None:
        """CreatePartition in both tables; one that is there already stays as it is."""
        with self._told():
            for table in _TABLES:
                self._create(table, day, day_folder(table, LIVE, day))

    def location(self, table: str, day: date) -> str | None:
        """BatchGetPartition: unlike GetPartition it tells a missing day from a missing table."""
        with self._told():
            found = self._client.batch_get_partition(
                DatabaseName=self._database, TableName=table, PartitionsToGet=[{"Values": [str(day)]}]
            )
        return next(map(self._prefix, found["Partitions"]), None)

    def point(self, table: str, day: date, prefix: str) -> None:
        """UpdatePartition, or CreatePartition if there is none."""
        with self._told():
            if not self._update(table, day, prefix) and not self._create(table, day, prefix):
                self._update(table, day, prefix)  # somebody has made it in between

    def days(self, table: str) -> dict[date, str]:
        """GetPartitions, page by page."""
        with self._told():
            pages = self._client.get_paginator("get_partitions").paginate(
                DatabaseName=self._database, TableName=table, ExcludeColumnSchema=True
            )
            found = [one for page in pages for one in page["Partitions"]]
        return {_day(table, one): self._prefix(one) for one in found}

    def _create(self, table: str, day: date, prefix: str) -> bool:
        """Return whether it was made; False if there is one."""
        wanted = self._partition(table, day, prefix)
        try:
            self._client.create_partition(DatabaseName=self._database, TableName=table, PartitionInput=wanted)
        except self._client.exceptions.AlreadyExistsException:
            return False
        return True

    def _update(self, table: str, day: date, prefix: str) -> bool:
        """Return whether it was changed; False if there is none, or no table."""
        wanted = self._partition(table, day, prefix)
        try:
            self._client.update_partition(
                DatabaseName=self._database,
                TableName=table,
                PartitionValueList=[str(day)],
                PartitionInput=wanted,
            )
        except self._client.exceptions.EntityNotFoundException:
            return False
        return True

    def _partition(self, table: str, day: date, prefix: str) -> PartitionInputTypeDef:
        storage = _TABLES[table].storage(self._root + prefix)
        return {"Values": [str(day)], "StorageDescriptor": cast("StorageDescriptorTypeDef", storage)}

    def _prefix(self, partition: PartitionTypeDef) -> str:
        location = partition["StorageDescriptor"]["Location"]
        return f"{location.removeprefix(self._root).rstrip('/')}/"

    def _told(self) -> AbstractContextManager[None]:
        return told_of(f"database {self._database}", "METRICS_DATABASE")


def _day(table: str, partition: PartitionTypeDef) -> date:
    value = partition["Values"][0]
    try:
        return date.fromisoformat(value)
    except ValueError:
        raise SetupError(f"table {table}: dt={value} is no day; remove it from METRICS_DATABASE") from None
