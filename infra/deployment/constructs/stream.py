"""The stream between edge and worker."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aws_cdk import Duration, RemovalPolicy
from aws_cdk import aws_kinesis as kinesis

from infra.deployment.choices import StreamMode

if TYPE_CHECKING:
    from constructs import Construct

    from infra.deployment.choices import Deployment


def stream(scope: Construct, *, deployment: Deployment) -> kinesis.Stream:
    """Make the stream. It outlives the stack: until a report is committed it exists nowhere else.

    The key is AWS's own (`alias/aws/kinesis`), which has no monthly price and no policy that one could break.
    """
    provisioned = deployment.stream_mode is StreamMode.PROVISIONED
    return kinesis.Stream(
        scope,
        "Stream",
        stream_mode=kinesis.StreamMode.PROVISIONED if provisioned else kinesis.StreamMode.ON_DEMAND,
        shard_count=deployment.shards if provisioned else None,
        retention_period=Duration.hours(deployment.retention_hours),
        encryption=kinesis.StreamEncryption.MANAGED,
        removal_policy=RemovalPolicy.RETAIN,
    )
