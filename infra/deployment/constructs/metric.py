"""The metrics by which the system is watched: the project's own, and those that AWS keeps."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aws_cdk import Duration
from aws_cdk import aws_cloudwatch as cloudwatch

from stream_worker.process.emf import DIMENSION, NAMESPACE

if TYPE_CHECKING:
    from aws_cdk import aws_elasticloadbalancingv2 as elb


def worker(application: str, name: str, statistic: str, *, minutes: int) -> cloudwatch.Metric:
    """Return a metric of the worker's log."""
    return cloudwatch.Metric(
        namespace=NAMESPACE,
        metric_name=name,
        dimensions_map={DIMENSION: application},
        statistic=statistic,
        period=Duration.minutes(minutes),
    )


def days(application: str, name: str, statistic: str, *, minutes: int) -> cloudwatch.Metric:
    """Return a metric of the commands on days, which log under a name of their own."""
    return worker(f"{application}-days", name, statistic, minutes=minutes)


def stream(name: str, metric: str, statistic: str, *, minutes: int) -> cloudwatch.Metric:
    """Return a metric of the stream."""
    return cloudwatch.Metric(
        namespace="AWS/Kinesis",
        metric_name=metric,
        dimensions_map={"StreamName": name},
        statistic=statistic,
        period=Duration.minutes(minutes),
    )


def balancer(
    alb: elb.ApplicationLoadBalancer, metric: str, statistic: str, *, minutes: int
) -> cloudwatch.Metric:
    """Return a metric of the load balancer, over all its targets."""
    return cloudwatch.Metric(
        namespace="AWS/ApplicationELB",
        metric_name=metric,
        dimensions_map={"LoadBalancer": alb.load_balancer_full_name},
        statistic=statistic,
        period=Duration.minutes(minutes),
    )
