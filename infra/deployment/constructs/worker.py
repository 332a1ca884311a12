"""The worker as a service: any number of tasks that share the shards."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from aws_cdk import Duration
from aws_cdk import aws_applicationautoscaling as scaling
from aws_cdk import aws_ecs as ecs
from constructs import Construct

from infra.deployment.constructs import metric
from infra.deployment.constructs.network import public, reachable_first, task_security_group
from infra.deployment.constructs.task import Process, Task
from infra.deployment.permissions import WORKER

if TYPE_CHECKING:
    from infra.deployment.choices import Deployment
    from infra.deployment.constructs.runtime import Runtime
    from infra.deployment.permissions import Names

STOP_SECONDS: Final = 60
"""From SIGTERM to SIGKILL: the daemon's shutdownGraceMillis (25 s, in which a flush takes a second or so),
the ten seconds that its supervisor adds, and time for a busy machine."""

_LATE: Final = 180
"""Seconds: three flushes. What is older waits for a worker, and another one may help."""

_VERY_LATE: Final = 600
"""Seconds: one more worker was not enough."""

_IN_TIME: Final = 90
"""Seconds: a flush and half of another. Whoever is so quick can do with a worker less."""


def environment(names: Names) -> dict[str, str]:
    """Return the worker's settings, and those of the commands on days: no secret among them."""
    return {
        "METRICS_STREAM": names.stream,
        "METRICS_BUCKET": names.bucket,
        "METRICS_DATABASE": names.database,
        "METRICS_APPLICATION": names.application,
    }


class Worker(Construct):
    """The worker's tasks."""

    def __init__(self, scope: Construct, name: str, *, runtime: Runtime) -> None:
        super().__init__(scope, name)
        deployment = runtime.deployment
        process = Process(
            program="stream-worker",
            arguments=("run",),
            cpu=deployment.worker_cpu,
            memory=deployment.worker_memory,
            stop_seconds=STOP_SECONDS,
            environment=environment(runtime.names),
            grants=WORKER,
            health_check=_health_check(),
        )
        task = Task(self, "Worker", process=process, runtime=runtime)
        self.definition = task.definition
        self.service = ecs.FargateService(
            self,
            "Service",
            cluster=runtime.cluster,
            task_definition=task.definition,
            desired_count=deployment.worker_tasks,
            assign_public_ip=True,
            vpc_subnets=public(),
            security_groups=[task_security_group(self, "SecurityGroup", vpc=runtime.vpc, of="worker")],
            # Old and new run side by side: the library hands the shards over, and nothing waits meanwhile.
            min_healthy_percent=100,
            max_healthy_percent=200,
            circuit_breaker=ecs.DeploymentCircuitBreaker(rollback=True),
            enable_ecs_managed_tags=True,
            propagate_tags=ecs.PropagatedTagSource.SERVICE,
        )
        reachable_first(self.service, runtime.vpc)
        _scale(self.service, deployment)


def _scale(service: ecs.FargateService, deployment: Deployment) -> None:
    """Follow the age of the oldest record that is not committed: that is what being late means.

    More workers after three minutes of it, one less after three minutes without. Half an hour of rest after
    each change: a worker that was needed a moment ago is not sent away, to be called back.
    """
    count = service.auto_scale_task_count(
        min_capacity=deployment.worker_tasks, max_capacity=deployment.worker_most_tasks
    )
    count.scale_on_metric(
        "Age",
        metric=metric.worker(deployment.application, "oldest_uncommitted_seconds", "Maximum", minutes=1),
        scaling_steps=[
            scaling.ScalingInterval(upper=_IN_TIME, change=-1),
            scaling.ScalingInterval(lower=_LATE, upper=_VERY_LATE, change=1),
            scaling.ScalingInterval(lower=_VERY_LATE, change=2),
        ],
        adjustment_type=scaling.AdjustmentType.CHANGE_IN_CAPACITY,
        evaluation_periods=3,
        cooldown=Duration.minutes(30),
        metric_aggregation_type=scaling.MetricAggregationType.MAXIMUM,
    )


def _health_check() -> ecs.HealthCheck:
    """Ask the worker's own command, which reads files and makes no call.

    A record is late for it after four minutes (METRICS_FLUSH_SECONDS and 180), whoever is to blame: to start
    again loses nothing. A start takes Java and leases some 15 seconds, and may take 120.
    """
    return ecs.HealthCheck(
        command=["CMD", "stream-worker", "health"],
        interval=Duration.seconds(30),
        timeout=Duration.seconds(15),
        retries=3,
        start_period=Duration.seconds(120),
    )
