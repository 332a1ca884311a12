"""The catalog: the database and its two tables."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aws_cdk import Aws, CfnResource, RemovalPolicy

from infra.deployment.catalog import table_input
from schemas.tables import TABLES

if TYPE_CHECKING:
    from aws_cdk import aws_s3 as s3
    from constructs import Construct


def catalog(scope: Construct, *, database: str, bucket: s3.Bucket) -> None:
    """Make database and tables, of which the schemas are the one description; the worker adds the partitions.

    They outlive the stack: a table's partitions say which generation readers see, and nothing else does.
    """
    made = CfnResource(
        scope,
        "Database",
        type="AWS::Glue::Database",
        properties={"CatalogId": Aws.ACCOUNT_ID, "DatabaseInput": {"Name": database}},
    )
    made.apply_removal_policy(RemovalPolicy.RETAIN)
    for table in TABLES:
        described = CfnResource(
            scope,
            f"{table.name.title()}Table",
            type="AWS::Glue::Table",
            properties={
                "CatalogId": Aws.ACCOUNT_ID,
                "DatabaseName": database,
                "TableInput": table_input(table, bucket.bucket_name),
            },
        )
        described.add_resource_dependency(made)
        described.apply_removal_policy(RemovalPolicy.RETAIN)
