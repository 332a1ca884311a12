"""The stack of what must outlive everything: stream, lake, catalog, leases."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aws_cdk import Aws, CfnOutput, Fn, Stack

from infra.deployment.constructs.catalog import catalog
from infra.deployment.constructs.lake import lake
from infra.deployment.constructs.leases import lease_tables
from infra.deployment.constructs.named_queries import named_queries
from infra.deployment.constructs.stream import stream
from infra.deployment.constructs.workgroup import workgroup
from infra.deployment.permissions import Names

if TYPE_CHECKING:
    from constructs import Construct

    from infra.deployment.choices import Deployment


class Data(Stack):
    """Everything that holds data. It cannot be deleted by mistake, and what it made stays if it is."""

    def __init__(self, scope: Construct, name: str, *, deployment: Deployment) -> None:
        super().__init__(
            scope,
            name,
            description="usage-metrics: the stream, the lake, its catalog and the worker's leases",
            termination_protection=True,
        )
        self.stream = stream(self, deployment=deployment)
        self.bucket = lake(self)
        catalog(self, database=deployment.database, bucket=self.bucket)
        lease_tables(self, application=deployment.application)
        queries = workgroup(self, name=deployment.application, scan_limit_gib=deployment.scan_limit_gib)
        named_queries(self, workgroup=queries, database=deployment.database)
        outputs = {
            "StreamName": self.stream.stream_name,
            "BucketName": self.bucket.bucket_name,
            "DatabaseName": deployment.database,
            "ApplicationName": deployment.application,
            "Workgroup": queries.name,
        }
        for output, value in outputs.items():
            CfnOutput(self, output, value=value, export_name=f"{name}-{output}")
        self.names = Names(
            partition=Aws.PARTITION,
            region=Aws.REGION,
            account=Aws.ACCOUNT_ID,
            # By their exports: CloudFormation then refuses to replace what the services use.
            stream=Fn.import_value(f"{name}-StreamName"),
            bucket=Fn.import_value(f"{name}-BucketName"),
            database=deployment.database,
            application=deployment.application,
        )
