"""The catalog in AWS Glue, which Athena reads."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Final, cast

from schemas.tables import TABLES
from stream_worker.lake.keys import LIVE, day_folder
from stream_worker.process.aws_errors import worker_errors
from stream_worker.process.errors import SetupError

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

    from mypy_boto3_glue import GlueClient
    from mypy_boto3_glue.type_defs import PartitionInputTypeDef, PartitionTypeDef, StorageDescriptorTypeDef

_TABLES: Final = {table.name: table for table in TABLES}


class GlueCatalog:
    """A Glue database; raises `SetupError` when it is missing or refused, `OutageError` in an outage."""

    def __init__(self, client: GlueClient, database: str, bucket: str) -> None:
        self._client = client
        self._database = database
        self._root = f"s3://{bucket}/"

    def add_live(self, day: date) -> None:
        """CreatePartition in both tables; one that exists already stays as it is."""
        with self._errors():
            for table in _TABLES:
                self._create(table, day, day_folder(table, LIVE, day))

    def location(self, table: str, day: date) -> str | None:
        """BatchGetPartition: unlike GetPartition, it distinguishes a missing day from a missing table."""
        with self._errors():
            found = self._client.batch_get_partition(
                DatabaseName=self._database, TableName=table, PartitionsToGet=[{"Values": [str(day)]}]
            )
        return next(map(self._location, found["Partitions"]), None)

    def point(self, table: str, day: date, folder: str) -> None:
        """UpdatePartition, or CreatePartition if there is none."""
        with self._errors():
            if not self._update(table, day, folder) and not self._create(table, day, folder):
                self._update(table, day, folder)  # another process has made it in between

    def days(self, table: str) -> dict[date, str]:
        """GetPartitions, page by page."""
        with self._errors():
            pages = self._client.get_paginator("get_partitions").paginate(
                DatabaseName=self._database, TableName=table, ExcludeColumnSchema=True
            )
            found = [one for page in pages for one in page["Partitions"]]
        return {_day(table, one): self._location(one) for one in found}

    def _create(self, table: str, day: date, folder: str) -> bool:
        """Return whether it was made; False if one exists."""
        partition = self._partition(table, day, folder)
        try:
            self._client.create_partition(
                DatabaseName=self._database, TableName=table, PartitionInput=partition
            )
        except self._client.exceptions.AlreadyExistsException:
            return False
        return True

    def _update(self, table: str, day: date, folder: str) -> bool:
        """Return whether it was changed; False if it does not exist, or its table does not."""
        partition = self._partition(table, day, folder)
        try:
            self._client.update_partition(
                DatabaseName=self._database,
                TableName=table,
                PartitionValueList=[str(day)],
                PartitionInput=partition,
            )
        except self._client.exceptions.EntityNotFoundException:
            return False
        return True

    def _partition(self, table: str, day: date, folder: str) -> PartitionInputTypeDef:
        storage = _TABLES[table].storage(self._root + folder)
        return {"Values": [str(day)], "StorageDescriptor": cast("StorageDescriptorTypeDef", storage)}

    def _location(self, partition: PartitionTypeDef) -> str:
        location = partition["StorageDescriptor"]["Location"]
        return f"{location.removeprefix(self._root).rstrip('/')}/"

    def _errors(self) -> AbstractContextManager[None]:
        return worker_errors(f"database {self._database}", "METRICS_DATABASE")


def _day(table: str, partition: PartitionTypeDef) -> date:
    value = partition["Values"][0]
    try:
        return date.fromisoformat(value)
    except ValueError:
        what = f"Partition dt={value} of table {table} is not a date (YYYY-MM-DD)"
        raise SetupError(f"{what}. Drop that partition from the Glue table.") from None
