"""What is done once a day: seal, audit, expire; by the clock from here, and by hand with the same task."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from aws_cdk import Duration, Fn, TimeZone
from aws_cdk import aws_ecs as ecs
from aws_cdk import aws_scheduler as scheduler
from aws_cdk import aws_scheduler_targets as targets
from constructs import Construct

from infra.deployment.constructs.network import public, task_security_group
from infra.deployment.constructs.task import Process, Task
from infra.deployment.constructs.worker import environment
from infra.deployment.permissions import DAYS

if TYPE_CHECKING:
    from aws_cdk import aws_ec2 as ec2

    from infra.deployment.constructs.runtime import Runtime

STOP_SECONDS: Final = 60
"""From SIGTERM to SIGKILL. Each of the commands can be killed at any point; a replay commits what it has."""


@dataclass(frozen=True, slots=True)
class Daily:
    """A command of `stream-worker` and when it runs, in UTC."""

    name: str
    hour: int
    minute: int
    command: tuple[str, ...]


SCHEDULE: Final = (
    # A day can be sealed from 00:01 on; twenty minutes are what a worker that was late may need to catch up.
    Daily("seal", 0, 20, ("seal", "--all")),
    # A week: as long as a day can be rebuilt from the stream.
    Daily("audit", 2, 20, ("audit", "--last", "7")),
    Daily("expire", 3, 20, ("expire",)),
)
"""Apart from each other, so that each finds what the one before it has done. That one fails, or does not run,
shows by what it does not say: `seal-late`, `audit-failed`."""

_TRIES: Final = 3
_PATIENCE: Final = Duration.hours(1)


class Days(Construct):
    """The task of the commands on days, and its schedules; `network` is what `aws ecs run-task` requires."""

    def __init__(self, scope: Construct, name: str, *, runtime: Runtime) -> None:
        super().__init__(scope, name)
        deployment = runtime.deployment
        process = Process(
            program="stream-worker",
            arguments=("--help",),
            cpu=deployment.days_cpu,
            memory=deployment.days_memory,
            stop_seconds=STOP_SECONDS,
            environment=environment(runtime.names),
            grants=DAYS,
        )
        task = Task(self, "Days", process=process, runtime=runtime)
        self.definition = task.definition
        self.container_name = task.container.container_name
        group = task_security_group(self, "SecurityGroup", vpc=runtime.vpc, of="commands on days")
        for daily in SCHEDULE:
            _schedule(self, daily, runtime.cluster, group, deployment.application)
        subnets = Fn.join(",", [subnet.subnet_id for subnet in runtime.vpc.public_subnets])
        self.network = (
            f"awsvpcConfiguration={{subnets=[{subnets}],securityGroups=[{group.security_group_id}],"
            "assignPublicIp=ENABLED}"
        )


def _schedule(
    days: Days, daily: Daily, cluster: ecs.ICluster, group: ec2.ISecurityGroup, application: str
) -> None:
    override = {"containerOverrides": [{"name": days.container_name, "command": list(daily.command)}]}
    scheduler.Schedule(
        days,
        daily.name.title(),
        schedule_name=f"{application}-{daily.name}",
        description=f"stream-worker {' '.join(daily.command)}",
        schedule=scheduler.ScheduleExpression.cron(
            hour=str(daily.hour), minute=str(daily.minute), time_zone=TimeZone.ETC_UTC
        ),
        target=targets.EcsRunFargateTask(
            cluster,
            task_definition=days.definition,
            assign_public_ip=True,
            vpc_subnets=public(),
            security_groups=[group],
            input=scheduler.ScheduleTargetInput.from_object(override),
            # Fargate may lack room for a moment.
            retry_attempts=_TRIES,
            max_event_age=_PATIENCE,
        ),
    )
