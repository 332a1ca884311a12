"""What an operator looks at first: one page, in the order of a report's way."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from aws_cdk import Duration
from aws_cdk import aws_cloudwatch as cloudwatch

from infra.deployment.constructs import metric
from infra.deployment.constructs.alarms import REJECTED_PERCENT, errors

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from aws_cdk import aws_ecs as ecs
    from aws_cdk import aws_elasticloadbalancingv2 as elb
    from constructs import Construct

    from infra.deployment.constructs.edge import Edge
    from infra.deployment.permissions import Names

_WIDTH: Final = 12  # half of the page


def dashboard(  # noqa: PLR0913 - what there is to see
    scope: Construct,
    *,
    names: Names,
    alb: elb.ApplicationLoadBalancer,
    edge: Edge,
    worker: ecs.FargateService,
    alarms: Iterable[cloudwatch.Alarm],
) -> cloudwatch.Dashboard:
    """Make the page: alarms, edge, stream, worker, days."""
    page = cloudwatch.Dashboard(
        scope, "Dashboard", dashboard_name=names.application, default_interval=Duration.days(1)
    )
    page.add_widgets(cloudwatch.AlarmStatusWidget(title="Alarms", alarms=list(alarms), width=24, height=3))
    page.add_widgets(*_edge(alb), *_strangers(alb, edge), *_stream(names.stream))
    page.add_widgets(*_worker(names.application))
    page.add_widgets(*_days(names.application), _tasks(edge.service, worker))
    return page


def _edge(alb: elb.ApplicationLoadBalancer) -> list[cloudwatch.IWidget]:
    return [
        _graph(
            "Requests, and the percentage answered 5xx",
            [metric.balancer(alb, "RequestCount", "Sum", minutes=5)],
            right=[errors(alb)],
        ),
        _graph(
            "Seconds until an answer",
            [
                metric.balancer(alb, "TargetResponseTime", statistic, minutes=5)
                for statistic in ("p50", "p99")
            ],
            right=[metric.balancer(alb, "UnHealthyHostCount", "Maximum", minutes=5)],
        ),
    ]


def _strangers(alb: elb.ApplicationLoadBalancer, edge: Edge) -> list[cloudwatch.IWidget]:
    """Show what an attack looks like: no alarm rings for it as long as honest reports are taken."""
    refused = ("HTTPCode_Target_4XX_Count", "HTTPCode_ELB_4XX_Count", "RejectedConnectionCount")
    return [
        _graph(
            "Requests refused by the edge, and before it; connections",
            [metric.balancer(alb, name, "Sum", minutes=5) for name in refused],
            right=[metric.balancer(alb, "ActiveConnectionCount", "Sum", minutes=5)],
        ),
        cloudwatch.LogQueryWidget(
            title="The edge's newest warnings and errors",
            log_group_names=[edge.logs.log_group_name],
            query_lines=[
                "fields @timestamp, event, @message",
                "filter level in ['warning', 'error', 'critical']",
                "sort @timestamp desc",
                "limit 20",
            ],
            width=_WIDTH,
            height=6,
        ),
    ]


def _stream(name: str) -> list[cloudwatch.IWidget]:
    return [
        _graph(
            "Records that the stream took, and throttled",
            [metric.stream(name, "IncomingRecords", "Sum", minutes=5)],
            right=[metric.stream(name, "WriteProvisionedThroughputExceeded", "Sum", minutes=5)],
        ),
        _graph(
            "Milliseconds that the reading is behind",
            [metric.stream(name, "GetRecords.IteratorAgeMilliseconds", "Maximum", minutes=5)],
        ),
    ]


def _worker(application: str) -> list[cloudwatch.IWidget]:
    outcomes = ("accepted", *REJECTED_PERCENT)
    return [
        _graph(
            "Records by outcome",
            [metric.worker(application, outcome, "Sum", minutes=60) for outcome in outcomes],
            stacked=True,
        ),
        _graph(
            "Age in seconds of the oldest record that is not committed",
            [metric.worker(application, "oldest_uncommitted_seconds", "Maximum", minutes=1)],
        ),
        _graph(
            "Milliseconds that a commit takes, and its bytes",
            [metric.worker(application, "flush_milliseconds", "p99", minutes=5)],
            right=[metric.worker(application, "flush_bytes", "Maximum", minutes=5)],
        ),
        _graph(
            "Commits that another worker had made already, and gaps",
            [metric.worker(application, "overtaken", "Sum", minutes=5)],
            right=[metric.worker(application, "gaps", "Sum", minutes=60)],
        ),
    ]


def _days(application: str) -> list[cloudwatch.IWidget]:
    said = [
        metric.days(application, name, "Maximum", minutes=60) for name in ("unsealed_days", "audit_problems")
    ]
    return [_graph("Days that are not sealed, and what the audit found", said)]


def _tasks(*services: ecs.FargateService) -> cloudwatch.IWidget:
    return _graph(
        "Processor and memory in percent",
        [
            used
            for service in services
            for used in (service.metric_cpu_utilization(), service.metric_memory_utilization())
        ],
    )


def _graph(
    title: str,
    left: Sequence[cloudwatch.IMetric],
    *,
    right: Sequence[cloudwatch.IMetric] = (),
    stacked: bool = False,
) -> cloudwatch.GraphWidget:
    return cloudwatch.GraphWidget(
        title=title, left=list(left), right=list(right), stacked=stacked, width=_WIDTH, height=6
    )
