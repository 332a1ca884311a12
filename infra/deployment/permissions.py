"""What each role may do in AWS: the calls that its code makes, on the resources that it makes them on.

`tests/e2e/test_permissions.py` records the calls of the real processes and holds this to them, both ways.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

_LAKE: Final = "arn:{partition}:s3:::{bucket}"
_GLUE: Final = "arn:{partition}:glue:{region}:{account}:"
_TABLE: Final = "arn:{partition}:dynamodb:{region}:{account}:table/"

_STREAM: Final = ("arn:{partition}:kinesis:{region}:{account}:stream/{stream}",)
_CATALOG: Final = (
    _GLUE + "catalog",
    _GLUE + "database/{database}",
    _GLUE + "table/{database}/reports",
    _GLUE + "table/{database}/rejects",
)


@dataclass(frozen=True, slots=True)
class Names:
    """What the ARNs are made of; in the CDK's templates some are known only once they are deployed."""

    partition: str
    region: str
    account: str
    stream: str
    bucket: str
    database: str
    application: str


@dataclass(frozen=True, slots=True)
class Grant:
    """A statement of a role's policy: these actions on these resources."""

    sid: str
    actions: tuple[str, ...]
    resources: tuple[str, ...]

    def arns(self, names: Names) -> list[str]:
        """Return the resources with their names filled in."""
        return [
            resource.format(
                partition=names.partition,
                region=names.region,
                account=names.account,
                stream=names.stream,
                bucket=names.bucket,
                database=names.database,
                application=names.application,
            )
            for resource in self.resources
        ]


def _folders(*folders: str) -> tuple[str, ...]:
    return tuple(f"{_LAKE}/{folder}/*" for folder in folders)


_READ_STREAM: Final = Grant(
    "ReadStream",
    ("kinesis:DescribeStreamSummary", "kinesis:GetRecords", "kinesis:GetShardIterator", "kinesis:ListShards"),
    _STREAM,
)
_LIST_LAKE: Final = Grant("ListLake", ("s3:ListBucket",), (_LAKE,))

EDGE: Final = (
    Grant("PublishReports", ("kinesis:DescribeStreamSummary", "kinesis:PutRecords"), _STREAM),
)  # fmt: skip
"""The edge: it puts records, and asks whether the stream is there."""

WORKER: Final = (
    _READ_STREAM,
    Grant(
        "KeepLeases",
        (
            "dynamodb:DeleteItem",  # the lease of a shard that has ended, by the library, five minutes later
            "dynamodb:DescribeTable",
            "dynamodb:GetItem",
            "dynamodb:PutItem",
            "dynamodb:Scan",
            "dynamodb:UpdateItem",
        ),
        (_TABLE + "{application}",),
    ),
    Grant(
        "ReadMode",
        ("dynamodb:DescribeTable", "dynamodb:GetItem", "dynamodb:PutItem"),
        (_TABLE + "{application}-CoordinatorState",),
    ),
    _LIST_LAKE,
    Grant(
        "CommitSegments",
        ("s3:PutObject",),
        _folders("reports/live", "rejects/live", "chains/live", "shards/live"),
    ),
    Grant("ReadSegments", ("s3:GetObject",), _folders("reports/live", "chains/live")),
    Grant("AnnounceDays", ("glue:CreatePartition",), _CATALOG),
)
"""The worker: it can add to the live segments, and neither change nor remove anything."""

DAYS: Final = (
    _READ_STREAM,
    _LIST_LAKE,
    Grant(
        "ReadGenerations",
        ("s3:GetObject",),
        _folders(
            *(f"{table}/{kind}" for table in ("reports", "rejects") for kind in ("live", "replay", "sealed")),
            "chains/live",
            "chains/replay",
            "runs",
        ),
    ),
    Grant(
        "WriteGenerations",
        ("s3:PutObject",),
        _folders(
            *(f"{table}/{kind}" for table in ("reports", "rejects") for kind in ("replay", "sealed")),
            "chains/replay",
            "runs",
        ),
    ),
    Grant("ExpireRuns", ("s3:DeleteObject",), _folders("reports/sealed", "rejects/sealed", "runs")),
    Grant(
        "SwitchReaders",
        (
            "glue:BatchGetPartition",
            "glue:CreatePartition",  # of a day without segments, which is sealed all the same
            "glue:UpdatePartition",
        ),
        _CATALOG,
    ),
    Grant(
        "KeepReplayLeases",
        (
            "dynamodb:CreateTable",
            "dynamodb:DescribeTable",
            "dynamodb:GetItem",
            "dynamodb:PutItem",
            "dynamodb:Scan",
            "dynamodb:UpdateItem",
        ),
        (_TABLE + "{application}-replay-*",),
    ),
)
"""Seal, audit and expiry by the clock; replay and rollback by hand. The live segments are read and left."""

ROLES: Final = {"edge": EDGE, "worker": WORKER, "days": DAYS}
"""Each role's statements, by the name that the processes have in tests."""
