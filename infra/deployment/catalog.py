"""The lake's tables as Glue's catalog describes them: the same on one machine and in AWS."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from schemas.tables import PARTITION_KEY, Table

if TYPE_CHECKING:
    from mypy_boto3_glue.type_defs import StorageDescriptorTypeDef, TableInputTypeDef


def table_input(table: Table, bucket: str) -> TableInputTypeDef:
    """Describe a table to Glue: Parquet, one explicit partition a day, no projection."""
    key = PARTITION_KEY
    return {
        "Name": table.name,
        "Description": table.meaning,
        "TableType": "EXTERNAL_TABLE",
        "Parameters": {"EXTERNAL": "TRUE", "classification": "parquet"},
        "PartitionKeys": [{"Name": key.name, "Type": key.kind.glue, "Comment": key.meaning}],
        "StorageDescriptor": cast(
            "StorageDescriptorTypeDef", table.storage(f"s3://{bucket}/{table.name}/live/")
        ),
    }
