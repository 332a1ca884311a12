"""The stack of what comes and goes: network, edge, worker, commands on days, and how they are watched."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aws_cdk import CfnOutput, Stack
from aws_cdk import aws_ecs as ecs

from infra.deployment.constructs.alarm import alarm_name, make
from infra.deployment.constructs.alarms import CANNOT_PUBLISH, alarms
from infra.deployment.constructs.dashboard import dashboard
from infra.deployment.constructs.days import Days
from infra.deployment.constructs.door import Door
from infra.deployment.constructs.edge import Edge
from infra.deployment.constructs.edge_log import cannot_publish
from infra.deployment.constructs.image import image
from infra.deployment.constructs.network import network
from infra.deployment.constructs.runtime import Runtime
from infra.deployment.constructs.topic import topic
from infra.deployment.constructs.worker import Worker

if TYPE_CHECKING:
    from pathlib import Path

    from constructs import Construct

    from infra.deployment.choices import Deployment
    from infra.deployment.permissions import Names


class Services(Stack):
    """Everything that holds no data: it can be deleted and made again, and the stream waits meanwhile."""

    def __init__(
        self, scope: Construct, name: str, *, deployment: Deployment, names: Names, source: Path
    ) -> None:
        """`source` is the folder that the images are built from."""
        super().__init__(
            scope, name, description="usage-metrics: edge, worker, daily tasks, alarms and dashboard"
        )
        vpc = network(self)
        # Container Insights costs more than the tasks do; what the alarms need is in the tasks' logs.
        cluster = ecs.Cluster(self, "Cluster", vpc=vpc, container_insights_v2=ecs.ContainerInsights.DISABLED)
        edge_runtime, worker_runtime = (
            Runtime(
                cluster=cluster,
                vpc=vpc,
                image=image(self, made, source=source, package=package, architecture=deployment.architecture),
                deployment=deployment,
                names=names,
            )
            for made, package in (("EdgeImage", "ingest_api"), ("WorkerImage", "stream_worker"))
        )
        edge = Edge(self, "Edge", runtime=edge_runtime)
        door = Door(self, "Door", vpc=vpc, edge=edge, deployment=deployment)
        worker = Worker(self, "Worker", runtime=worker_runtime)
        days = Days(self, "Days", runtime=worker_runtime)
        watch(self, names=names, door=door, edge=edge, worker=worker, email=deployment.alarm_email)
        for output, value in {
            "EdgeUrl": door.url,
            "ClusterName": cluster.cluster_name,
            "EdgeServiceName": edge.service.service_name,
            "WorkerServiceName": worker.service.service_name,
            "DaysTaskDefinition": days.definition.family,
            "DaysNetwork": days.network,
        }.items():
            CfnOutput(self, output, value=value)


def watch(  # noqa: PLR0913 - what is watched
    scope: Construct, *, names: Names, door: Door, edge: Edge, worker: Worker, email: str | None
) -> None:
    """Make alarms and dashboard; a new edge that AWS does not let publish is rolled back."""
    refused = cannot_publish(scope, edge.logs, application=names.application)
    made = make(
        scope,
        alarms(names, door.alb, cannot_publish=refused),
        application=names.application,
        topic=topic(scope, email=email),
    )
    edge.service.enable_deployment_alarms(
        [alarm_name(names.application, CANNOT_PUBLISH)], behavior=ecs.AlarmBehavior.ROLLBACK_ON_ALARM
    )
    edge.service.node.add_dependency(made[CANNOT_PUBLISH])
    dashboard(
        scope,
        names=names,
        alb=door.alb,
        edge=edge,
        worker=worker.service,
        alarms=made.values(),
    )
