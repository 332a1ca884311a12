"""The lake's bucket: who may not write, and what grows old."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from aws_cdk import Duration, RemovalPolicy
from aws_cdk import aws_iam as iam
from aws_cdk import aws_s3 as s3

from schemas.retention import REJECTS_DAYS

if TYPE_CHECKING:
    from constructs import Construct

_EXPIRING: Final = ("rejects/", "reports/replay/", "chains/replay/")
"""Prefixes whose objects S3 itself removes after 30 days; all others stay until a command removes them.

- `rejects/` (live, sealed and replay): their time is a promise, so no command need run for it to be kept. The
  newest run of an old day loses its rejects with it; its reports stay.
- `reports/replay/` and `chains/replay/`: what a replay works on until its days are sealed. Readers are never
  pointed there.

And why not the others:

- `reports/live/` is what readers see of a day that is not sealed, or was rolled back; what `--source lake`
  and a rollback go back to; and where a shard's chain ends, from which the worker goes on, however long ago
  that was. Age says nothing about this. A day of a million reports is some 70 MB.
- `reports/sealed/` is what readers are pointed at, at any age. A run that they have not seen for 30 days is
  removed by `stream-worker expire`, which knows what they see.
- `chains/live/` says where each shard's chain begins: a few bytes a shard, which say for ever that a shard
  without them has no segment.
- `runs/` says what runs are made of, and which one readers saw when.
- `shards/` says where records may be missing, and how far quiet shards were read: some empty objects a day.
"""


def lake(scope: Construct) -> s3.Bucket:
    """Make the bucket. It outlives the stack.

    No versions are kept: an object is written once (`_conditional`), and one that is removed is to be gone.
    """
    bucket = s3.Bucket(
        scope,
        "Lake",
        encryption=s3.BucketEncryption.S3_MANAGED,
        enforce_ssl=True,
        minimum_tls_version=1.2,
        block_public_access=s3.BlockPublicAccess.BLOCK_ALL,
        object_ownership=s3.ObjectOwnership.BUCKET_OWNER_ENFORCED,
        removal_policy=RemovalPolicy.RETAIN,
        lifecycle_rules=[
            s3.LifecycleRule(
                id="UnfinishedUploads", abort_incomplete_multipart_upload_after=Duration.days(1)
            ),
            *(
                s3.LifecycleRule(
                    id="".join(part.title() for part in prefix.split("/")),
                    prefix=prefix,
                    expiration=Duration.days(REJECTS_DAYS),
                )
                for prefix in _EXPIRING
            ),
        ],
    )
    bucket.add_to_resource_policy(_conditional(bucket))
    return bucket


def _conditional(bucket: s3.Bucket) -> iam.PolicyStatement:
    """Deny every PUT without `If-None-Match`, to everybody and anywhere in the lake.

    A commit is a PUT that can only be the first of its key; and so is every other PUT of the worker, so that
    nothing in the lake can be overwritten. S3's guide exempts uploads in parts
    (docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-writes-enforce.html), whose requests cannot
    have the header. Here they are denied: no code makes any, and a run's file is far below the 5 GB of a PUT.
    To repair the lake by hand, use `aws s3api put-object --if-none-match '*'`; copies are denied too.
    """
    return iam.PolicyStatement(
        sid="OnlyConditionalWrites",
        effect=iam.Effect.DENY,
        principals=[iam.AnyPrincipal()],
        actions=["s3:PutObject"],
        resources=[bucket.arn_for_objects("*")],
        conditions={"Null": {"s3:if-none-match": "true"}},
    )
