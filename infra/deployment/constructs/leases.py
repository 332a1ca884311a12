"""The worker's tables in DynamoDB, made ahead so that its role need not make any."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from aws_cdk import RemovalPolicy
from aws_cdk import aws_dynamodb as dynamodb

if TYPE_CHECKING:
    from constructs import Construct

KEYS: Final = {"": "leaseKey", "-CoordinatorState": "key"}
"""What a table's name has after the application's, and its key: those of `stream_worker.engines.kcl.leases`.

The library's third table, `-WorkerMetricStats`, is for leases that a leader assigns; ours are not.
"""


def lease_tables(scope: Construct, *, application: str) -> None:
    """Make the tables: paid by the request, restorable to any second of 35 days, and not easily deleted.

    Committed records are in the lake: losing the leases means reading the stream again, and loses no record.
    """
    for suffix, key in KEYS.items():
        dynamodb.Table(
            scope,
            f"Leases{suffix.title().replace('-', '')}",
            table_name=f"{application}{suffix}",
            partition_key=dynamodb.Attribute(name=key, type=dynamodb.AttributeType.STRING),
            billing_mode=dynamodb.BillingMode.PAY_PER_REQUEST,
            point_in_time_recovery_specification=dynamodb.PointInTimeRecoverySpecification(
                point_in_time_recovery_enabled=True
            ),
            deletion_protection=True,
            removal_policy=RemovalPolicy.RETAIN,
        )
