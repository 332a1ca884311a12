"""Where alarms go."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aws_cdk import Aws, RemovalPolicy
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_sns as sns
from aws_cdk import aws_sns_subscriptions as subscriptions

if TYPE_CHECKING:
    from constructs import Construct


def topic(scope: Construct, *, email: str | None) -> sns.Topic:
    """Make the topic, encrypted and over TLS alone; who gets the alarms confirms it by e-mail.

    The key is our own (1 $ a month): CloudWatch may not use that of AWS.
    """
    key = kms.Key(
        scope,
        "AlarmsKey",
        description="usage-metrics: alarms on their way",
        enable_key_rotation=True,
        removal_policy=RemovalPolicy.DESTROY,
    )
    made = sns.Topic(scope, "Alarms", master_key=key, enforce_ssl=True)
    cloudwatch = iam.ServicePrincipal(
        "cloudwatch.amazonaws.com", conditions={"StringEquals": {"aws:SourceAccount": Aws.ACCOUNT_ID}}
    )
    key.grant(cloudwatch, "kms:Decrypt", "kms:GenerateDataKey*")
    made.grant_publish(cloudwatch)
    if email:
        made.add_subscription(subscriptions.EmailSubscription(email))
    return made
