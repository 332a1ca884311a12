"""Access logs, for an operator who asks for them: they hold addresses."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aws_cdk import Aws, Duration, RemovalPolicy
from aws_cdk import aws_iam as iam
from aws_cdk import aws_s3 as s3
from constructs import Construct

if TYPE_CHECKING:
    from aws_cdk import aws_elasticloadbalancingv2 as elb


class AccessLogs(Construct):
    """A bucket for the logs of the door."""

    def __init__(self, scope: Construct, name: str, *, days: int) -> None:
        super().__init__(scope, name)
        self.bucket = s3.Bucket(
            self,
            "Bucket",
            encryption=s3.BucketEncryption.S3_MANAGED,
            enforce_ssl=True,
            minimum_tls_version=1.2,
            block_public_access=s3.BlockPublicAccess.BLOCK_ALL,
            # CloudFront gives its logs away by an ACL.
            object_ownership=s3.ObjectOwnership.BUCKET_OWNER_PREFERRED,
            removal_policy=RemovalPolicy.DESTROY,
            lifecycle_rules=[s3.LifecycleRule(id="Logs", expiration=Duration.days(days))],
        )

    def of_balancer(self, alb: elb.ApplicationLoadBalancer) -> None:
        """Have a load balancer write here.

        By the log delivery's principal, as every region has it: the CDK's own way needs to know the region.
        """
        self.bucket.add_to_resource_policy(
            iam.PolicyStatement(
                sid="BalancerLogs",
                principals=[iam.ServicePrincipal("logdelivery.elasticloadbalancing.amazonaws.com")],
                actions=["s3:PutObject"],
                resources=[self.bucket.arn_for_objects(f"AWSLogs/{Aws.ACCOUNT_ID}/*")],
            )
        )
        alb.set_attribute("access_logs.s3.enabled", "true")
        alb.set_attribute("access_logs.s3.bucket", self.bucket.bucket_name)
        if self.bucket.policy is not None:
            alb.node.add_dependency(self.bucket.policy)
