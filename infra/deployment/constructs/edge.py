"""The edge as a service: tasks behind a load balancer's target group."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from aws_cdk import Duration
from aws_cdk import aws_ecs as ecs
from aws_cdk import aws_elasticloadbalancingv2 as elb
from constructs import Construct

from infra.deployment.constructs.network import public, reachable_first, task_security_group
from infra.deployment.constructs.task import Process, Task
from infra.deployment.permissions import EDGE

if TYPE_CHECKING:
    from aws_cdk import aws_ec2 as ec2

    from infra.deployment.constructs.runtime import Runtime
    from infra.deployment.permissions import Names

PORT: Final = 8080

STOP_SECONDS: Final = 30
"""From SIGTERM to SIGKILL. The edge needs about 10.5: a quarter of a second to announce that it leaves, then
`BODY_SECONDS` for bodies that are on their way and METRICS_PUBLISH_SECONDS (5) for what it took."""

DRAIN_SECONDS: Final = 15
"""How long a task that is leaving may finish requests before it gets SIGTERM. The longest one takes
`BODY_SECONDS` and METRICS_PUBLISH_SECONDS: the load balancer sends a head only when it has all of it."""

OPEN_FILES: Final = 65_535
"""The container's limit. The edge serves up to 8,192 connections at once, one file each.

It is Fargate's default today (docs.aws.amazon.com/AmazonECS/latest/APIReference/API_Ulimit.html). Older
platforms gave a soft limit of 1,024, which a few hundred silent strangers would use up.
"""

HEALTH: Final = "/healthz"
"""Both health checks ask whether the process runs, and not `/readyz`, whether it can publish.

When Kinesis is out or throttles, no edge is ready, and none is better than another: ECS would replace tasks
that work, again and again, where the edge itself answers 503 and says when to come again. Strangers can make
the stream throttle, so `/readyz` would also let them stop a deployment. That a *new* edge may publish at all
is what the alarm `edge-cannot-publish` watches: it rolls a deployment back. Draining needs no check: ECS
takes a task out of the target group before it stops it.
"""

_CPU_TARGET: Final = 60
"""Percent of its processor that a task may use; a burst of two thirds more still finds room."""


def environment(names: Names) -> dict[str, str]:
    """Return the edge's settings: no secret among them."""
    return {
        "METRICS_HOST": "0.0.0.0",  # noqa: S104 - the security group lets the load balancer in alone
        "METRICS_PORT": str(PORT),
        "METRICS_STREAM": names.stream,
    }


class Edge(Construct):
    """The edge's tasks and the target group that they are in."""

    def __init__(self, scope: Construct, name: str, *, runtime: Runtime) -> None:
        super().__init__(scope, name)
        deployment = runtime.deployment
        process = Process(
            program="ingest-api",
            arguments=(),
            cpu=deployment.edge_cpu,
            memory=deployment.edge_memory,
            stop_seconds=STOP_SECONDS,
            environment=environment(runtime.names),
            grants=EDGE,
            health_check=_health_check(),
            ports=(PORT,),
            open_files=OPEN_FILES,
        )
        task = Task(self, "Edge", process=process, runtime=runtime)
        self.definition = task.definition
        self.logs = task.logs
        self.security_group = task_security_group(self, "SecurityGroup", vpc=runtime.vpc, of="edge")
        self.target_group = _target_group(self, runtime.vpc)
        self.service = _service(self, runtime.cluster, task, deployment.edge_tasks)
        self.service.attach_to_application_target_group(self.target_group)
        reachable_first(self.service, runtime.vpc)
        scaling = self.service.auto_scale_task_count(
            min_capacity=deployment.edge_tasks,
            max_capacity=max(deployment.edge_tasks, deployment.edge_most_tasks),
        )
        scaling.scale_on_cpu_utilization("Cpu", target_utilization_percent=_CPU_TARGET)


def _service(edge: Edge, cluster: ecs.ICluster, task: Task, tasks: int) -> ecs.FargateService:
    return ecs.FargateService(
        edge,
        "Service",
        cluster=cluster,
        task_definition=task.definition,
        desired_count=tasks,
        assign_public_ip=True,
        vpc_subnets=public(),
        security_groups=[edge.security_group],
        # New tasks are healthy before old ones leave.
        min_healthy_percent=100,
        max_healthy_percent=200,
        circuit_breaker=ecs.DeploymentCircuitBreaker(rollback=True),
        health_check_grace_period=Duration.seconds(60),
        enable_ecs_managed_tags=True,
        propagate_tags=ecs.PropagatedTagSource.SERVICE,
    )


def _target_group(scope: Construct, vpc: ec2.IVpc) -> elb.ApplicationTargetGroup:
    return elb.ApplicationTargetGroup(
        scope,
        "Targets",
        vpc=vpc,
        port=PORT,
        protocol=elb.ApplicationProtocol.HTTP,
        # The edge speaks HTTP/1.1 alone; the load balancer translates what comes as HTTP/2.
        protocol_version=elb.ApplicationProtocolVersion.HTTP1,
        target_type=elb.TargetType.IP,
        deregistration_delay=Duration.seconds(DRAIN_SECONDS),
        # Twice five seconds and a new task is in; three times and a dead one is out.
        health_check=elb.HealthCheck(
            path=HEALTH,
            healthy_http_codes="200",
            interval=Duration.seconds(5),
            timeout=Duration.seconds(4),
            healthy_threshold_count=2,
            unhealthy_threshold_count=3,
        ),
    )


def _health_check() -> ecs.HealthCheck:
    """Ask with what the image has: it has Python, and no curl."""
    asked = (
        f"import http.client; edge = http.client.HTTPConnection('127.0.0.1', {PORT}, timeout=5); "
        f"edge.request('GET', '{HEALTH}'); raise SystemExit(edge.getresponse().status != 200)"
    )
    return ecs.HealthCheck(
        command=["CMD", "python", "-c", asked],
        interval=Duration.seconds(30),
        timeout=Duration.seconds(10),
        retries=3,
        start_period=Duration.seconds(30),
    )
