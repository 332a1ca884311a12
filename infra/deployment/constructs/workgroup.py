"""The Athena workgroup: queries with a limit on what they may cost."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from aws_cdk import Duration, RemovalPolicy
from aws_cdk import aws_athena as athena
from aws_cdk import aws_s3 as s3

if TYPE_CHECKING:
    from constructs import Construct

_GIB: Final = 2**30
_RESULTS_KEPT: Final = Duration.days(7)


def workgroup(scope: Construct, *, name: str, scan_limit_gib: int) -> athena.CfnWorkGroup:
    """Make the workgroup. A query that reads more than the limit is ended by Athena.

    Results have a bucket of their own: in the lake they would need PUTs without a condition, and they can be
    made again, so they go after a week and with the stack.
    """
    results = _results(scope)
    work_group = athena.CfnWorkGroup.WorkGroupConfigurationProperty
    result = athena.CfnWorkGroup.ResultConfigurationProperty
    sse_s3 = athena.CfnWorkGroup.EncryptionConfigurationProperty(encryption_option="SSE_S3")
    return athena.CfnWorkGroup(
        scope,
        "Queries",
        name=name,
        description="Queries of the lake, each with a limit on what it reads",
        recursive_delete_option=True,
        work_group_configuration=work_group(
            bytes_scanned_cutoff_per_query=scan_limit_gib * _GIB,
            # What a client asks for does not count: else it could do without limit and encryption.
            enforce_work_group_configuration=True,
            publish_cloud_watch_metrics_enabled=True,
            result_configuration=result(
                output_location=results.s3_url_for_object("results/"), encryption_configuration=sse_s3
            ),
        ),
    )


def _results(scope: Construct) -> s3.Bucket:
    return s3.Bucket(
        scope,
        "QueryResults",
        encryption=s3.BucketEncryption.S3_MANAGED,
        enforce_ssl=True,
        minimum_tls_version=1.2,
        block_public_access=s3.BlockPublicAccess.BLOCK_ALL,
        object_ownership=s3.ObjectOwnership.BUCKET_OWNER_ENFORCED,
        removal_policy=RemovalPolicy.DESTROY,
        lifecycle_rules=[
            s3.LifecycleRule(
                id="QueryResults",
                expiration=_RESULTS_KEPT,
                abort_incomplete_multipart_upload_after=Duration.days(1),
            )
        ],
    )
