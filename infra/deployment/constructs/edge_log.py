"""What CloudWatch counts of the edge's log: calls that AWS refuses for the edge's own fault."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from aws_cdk import Duration
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_logs as logs

from stream_worker.process.emf import NAMESPACE

if TYPE_CHECKING:
    from constructs import Construct

METRIC: Final = "edge_cannot_publish"

REFUSALS: Final = (
    "AccessDeniedException",
    "ResourceNotFoundException",
    "UnrecognizedClientException",
    "NoCredentialsError",
    "KMSAccessDeniedException",
    "KMSDisabledException",
    "KMSNotFoundException",
)
"""The codes of `publish.failed` that say: this edge cannot publish, whoever sends and however much.

They depend on the task's role, the stream's name and its key: on what a deployment changes. A code is listed
only if no request can bring it about. So these are left out:

- throttling, internal failures and time-outs: a flood causes them, or an outage, which no rollback ends;
- `CredentialRetrievalError` and `EndpointConnectionError`: an edge without a free file has them;
- everything about the call's contents;
- `edge.failed`, a fault in our code: if one body brings it about, strangers send that body.

A new edge that does not start, or does not answer its health check, is stopped by ECS's circuit breaker.
"""


def cannot_publish(scope: Construct, group: logs.ILogGroup, *, application: str) -> cloudwatch.Metric:
    """Count the lines of the edge's log that hold one of `REFUSALS`, for each minute.

    The namespace has the application's name, as a metric that is made of log lines has no dimension that the
    lines do not hold.
    """
    refused = [logs.FilterPattern.number_value(f"$.codes.{code}", ">", 0) for code in REFUSALS]
    made = logs.MetricFilter(
        scope,
        "EdgeRefusals",
        log_group=group,
        filter_pattern=logs.FilterPattern.all(
            logs.FilterPattern.string_value("$.event", "=", "publish.failed"),
            logs.FilterPattern.any(*refused),
        ),
        metric_namespace=f"{NAMESPACE}/{application}",
        metric_name=METRIC,
        metric_value="1",
    )
    return made.metric(statistic="Sum", period=Duration.minutes(1))
