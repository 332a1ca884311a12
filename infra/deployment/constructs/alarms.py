"""What an operator is called for: each alarm, its numbers and their reasons."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from aws_cdk import Duration
from aws_cdk import aws_cloudwatch as cloudwatch

from infra.deployment.constructs import metric
from infra.deployment.constructs.alarm import MISSING_IS_WELL, MISSING_IS_WRONG, Alarm

if TYPE_CHECKING:
    from aws_cdk import aws_elasticloadbalancingv2 as elb

    from infra.deployment.permissions import Names

REJECTED_PERCENT: Final = {
    # The edge lets JSON objects alone through: whatever else there is comes from another producer.
    "malformed": 1,
    # A release that reports something else reaches a tenth of a fleet within days.
    "invalid": 5,
    # What one report gives away (a nonce, a counter, a version); honest ones never.
    "fraud": 5,
    # Time-outs make some; a fifth means that senders do not hear the edge's answers.
    "duplicate": 20,
}
"""The share of an hour's records that may be rejected, by reason."""

_ENOUGH: Final = 100
"""Records in an hour from which on a share says something."""

_ERRORS: Final = 5
"""Errors in a minute from which on their share says something."""

_A_DAY_AND_A_BIT: Final = 25
"""Hours. What is said once a day is late after an hour more; CloudWatch may take longer to notice."""


CANNOT_PUBLISH: Final = "edge-cannot-publish"
"""The one alarm that rolls a deployment of the edge back.

Strangers cannot ring it (`infra.deployment.constructs.edge_log`).
"""


def alarms(
    names: Names, alb: elb.ApplicationLoadBalancer, *, cannot_publish: cloudwatch.IMetric
) -> list[Alarm]:
    """Return all alarms; `cannot_publish` counts what AWS refuses the edge for the edge's own fault."""
    return [
        *_of_the_worker(names),
        *(_share(names.application, reason, percent) for reason, percent in REJECTED_PERCENT.items()),
        *_of_the_edge(names, alb),
        _of_a_new_edge(cannot_publish),
        *_of_the_days(names.application),
    ]


def _of_the_worker(names: Names) -> list[Alarm]:
    return [
        # An hour behind for half an hour. The stream keeps a week, so nothing is near to being lost; and a
        # replay or an audit, which read what is old, are mostly done in that time (they count here too).
        Alarm(
            name="iterator-age",
            says="The stream is read an hour late, or not at all.",
            metric=metric.stream(names.stream, "GetRecords.IteratorAgeMilliseconds", "Maximum", minutes=5),
            above=Duration.hours(1).to_milliseconds(),
            of=6,
            after=6,
            missing=MISSING_IS_WRONG,
        ),
        # Ten minutes: a flush takes one, a takeover some seconds, another worker comes after three. A worker
        # says it each minute, of quiet shards too: ten minutes of silence mean that none runs.
        Alarm(
            name="oldest-uncommitted-age",
            says="A record has waited for ten minutes to be committed, or no worker runs.",
            metric=metric.worker(names.application, "oldest_uncommitted_seconds", "Maximum", minutes=1),
            above=600,
            of=10,
            after=10,
            missing=MISSING_IS_WRONG,
        ),
        # Once is enough, and it rings for a day: what is lost stays lost, and a worker says it once.
        Alarm(
            name="shard-gap",
            says="The stream may have forgotten records that were not committed.",
            metric=metric.worker(names.application, "gaps", "Sum", minutes=60),
            above=0,
            of=24,
            after=1,
            missing=MISSING_IS_WELL,
        ),
    ]


def _share(application: str, reason: str, percent: int) -> Alarm:
    """Two hours of three: a burst of one sender is over by then, and a release or an attack is not."""
    records = metric.worker(application, "records", "Sum", minutes=60)
    rejected = metric.worker(application, reason, "Sum", minutes=60)
    share = cloudwatch.MathExpression(
        expression=f"IF(records >= {_ENOUGH}, 100 * rejected / records, 0)",
        using_metrics={"records": records, "rejected": rejected},
        label=f"{reason}, percent of an hour's records",
        period=Duration.hours(1),
    )
    return Alarm(
        name=f"rejects-{reason}",
        says=f"More than {percent} % of the records are {reason}.",
        metric=share,
        above=percent,
        of=3,
        after=2,
        missing=MISSING_IS_WELL,
    )


def errors(alb: elb.ApplicationLoadBalancer) -> cloudwatch.MathExpression:
    """Return the percentage of requests that are answered 5xx: by the edge, or because there is none."""
    return cloudwatch.MathExpression(
        expression=(
            f"IF(FILL(edge, 0) + FILL(alone, 0) >= {_ERRORS}, "
            "100 * (FILL(edge, 0) + FILL(alone, 0)) / (FILL(requests, 0) + FILL(alone, 0)), 0)"
        ),
        using_metrics={
            "edge": metric.balancer(alb, "HTTPCode_Target_5XX_Count", "Sum", minutes=1),
            "alone": metric.balancer(alb, "HTTPCode_ELB_5XX_Count", "Sum", minutes=1),
            # Those that a target was found for.
            "requests": metric.balancer(alb, "RequestCount", "Sum", minutes=1),
        },
        label="5xx, percent of a minute's requests",
        period=Duration.minutes(1),
    )


def _of_the_edge(names: Names, alb: elb.ApplicationLoadBalancer) -> list[Alarm]:
    return [
        # Three minutes of five. Reporters send again for longer than a lost task needs to be replaced. It
        # rolls nothing back: anyone who floods the stream rings it, and would undo the very fix against them.
        Alarm(
            name="edge-5xx",
            says="More than 1 % of the requests are answered 5xx.",
            metric=errors(alb),
            above=1,
            of=5,
            after=3,
            missing=MISSING_IS_WELL,
        ),
        # A quarter of an hour: for five seconds the edge itself sends again what was throttled.
        Alarm(
            name="write-throttled",
            says="The stream takes less than the edge sends: it needs more shards.",
            metric=metric.stream(names.stream, "WriteProvisionedThroughputExceeded", "Sum", minutes=5),
            above=0,
            of=3,
            after=3,
            missing=MISSING_IS_WELL,
        ),
        # Three hours. Deployments report at all times of the day: a fleet of a hundred is silent for so long
        # once in 270,000 times (e^-12.5), a smaller one more often. Before the first report it rings too.
        Alarm(
            name="no-reports",
            says="Not one report has come in three hours.",
            metric=metric.stream(names.stream, "IncomingRecords", "Sum", minutes=60),
            below=1,
            of=3,
            after=3,
            missing=MISSING_IS_WRONG,
        ),
    ]


def _of_a_new_edge(cannot_publish: cloudwatch.IMetric) -> Alarm:
    """Two minutes of three: a role that was made just now may be refused for the first few seconds."""
    return Alarm(
        name=CANNOT_PUBLISH,
        says="AWS does not let the edge publish: its role, its key or its stream is wrong.",
        metric=cannot_publish,
        above=0,
        of=3,
        after=2,
        missing=MISSING_IS_WELL,
    )


def _of_the_days(application: str) -> list[Alarm]:
    """Both say 0 once a day when all is well; one such within the window, and they are silent.

    An hour a period, as CloudWatch lets no shorter ones make up more than a day.
    """
    return [
        Alarm(
            name="seal-late",
            says="A day that is over is not sealed, or no seal has run.",
            metric=metric.days(application, "unsealed_days", "Minimum", minutes=60),
            above=0,
            of=_A_DAY_AND_A_BIT,
            after=_A_DAY_AND_A_BIT,
            missing=MISSING_IS_WRONG,
        ),
        Alarm(
            name="audit-failed",
            says="An audit has found a difference, or none was made.",
            metric=metric.days(application, "audit_problems", "Minimum", minutes=60),
            above=0,
            of=_A_DAY_AND_A_BIT,
            after=_A_DAY_AND_A_BIT,
            missing=MISSING_IS_WRONG,
        ),
    ]
