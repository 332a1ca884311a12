"""A task as each process gets it: one container, with no more rights and no more disk than it needs."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from aws_cdk import Duration, Size
from aws_cdk import aws_ecs as ecs
from aws_cdk import aws_iam as iam
from constructs import Construct

from infra.deployment.choices import Architecture
from infra.deployment.constructs.log_group import log_group

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from aws_cdk import aws_logs as logs

    from infra.deployment.constructs.runtime import Runtime
    from infra.deployment.permissions import Grant, Names

TEMPORARY: Final = "/tmp"  # noqa: S108 - the container's own
"""The one folder that a process can write to, a volume of its own.

The images declare it (`VOLUME`), so that it has their permissions: it would be root's alone otherwise
(docs.aws.amazon.com/AmazonECS/latest/developerguide/bind-mounts.html).
"""

USER: Final = "65532:65532"
"""Nobody's number, as the images have it; here it cannot be forgotten."""

_CPUS: Final = {
    Architecture.ARM64: ecs.CpuArchitecture.ARM64,
    Architecture.X86_64: ecs.CpuArchitecture.X86_64,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Process:
    """What a container runs. `stop_seconds` is from SIGTERM to SIGKILL, 120 at most on Fargate.

    `open_files` is the soft and hard limit of open files; None leaves Fargate's own.
    """

    program: str
    arguments: Sequence[str]
    cpu: int
    memory: int
    stop_seconds: int
    environment: Mapping[str, str]
    grants: Sequence[Grant]
    health_check: ecs.HealthCheck | None = None
    ports: Sequence[int] = field(default=())
    open_files: int | None = None


class Task(Construct):
    """A task definition with a role and a log group of its own; the container has the task's name."""

    def __init__(self, scope: Construct, name: str, *, process: Process, runtime: Runtime) -> None:
        super().__init__(scope, name)
        deployment = runtime.deployment
        self.logs = log_group(self, days=deployment.log_days)
        self.definition = ecs.FargateTaskDefinition(
            self,
            "Definition",
            family=f"{deployment.application}-{name.lower()}",
            cpu=process.cpu,
            memory_limit_mib=process.memory,
            task_role=_role(self, process.grants, runtime.names),
            runtime_platform=ecs.RuntimePlatform(
                cpu_architecture=_CPUS[deployment.architecture],
                operating_system_family=ecs.OperatingSystemFamily.LINUX,
            ),
        )
        self.container = self.definition.add_container(
            name,
            container_name=name.lower(),
            image=ecs.ContainerImage.from_docker_image_asset(runtime.image),
            # Apart from its arguments: a task by hand or by the clock replaces those alone.
            entry_point=[process.program],
            command=list(process.arguments),
            environment=dict(process.environment),
            health_check=process.health_check,
            logging=_logging(name.lower(), self.logs),
            linux_parameters=_restrained(self),
            port_mappings=[ecs.PortMapping(container_port=port) for port in process.ports],
            readonly_root_filesystem=True,
            user=USER,
            stop_timeout=Duration.seconds(process.stop_seconds),
        )
        if process.open_files is not None:
            self.container.add_ulimits(_open_files(process.open_files))
        self.definition.add_volume(name="temporary")
        self.container.add_mount_points(
            ecs.MountPoint(container_path=TEMPORARY, source_volume="temporary", read_only=False)
        )


def _open_files(limit: int) -> ecs.Ulimit:
    return ecs.Ulimit(name=ecs.UlimitName.NOFILE, soft_limit=limit, hard_limit=limit)


def _logging(name: str, group: logs.ILogGroup) -> ecs.LogDriver:
    """Log without waiting: while CloudWatch Logs is out a process goes on, and lines beyond 4 MB are lost."""
    return ecs.LogDriver.aws_logs(
        stream_prefix=name,
        log_group=group,
        mode=ecs.AwsLogDriverMode.NON_BLOCKING,
        max_buffer_size=Size.mebibytes(4),
    )


def _restrained(scope: Construct) -> ecs.LinuxParameters:
    """Take all capabilities away; `init` passes signals on and reaps what dead parents leave."""
    parameters = ecs.LinuxParameters(scope, "Linux", init_process_enabled=True)
    parameters.drop_capabilities(ecs.Capability.ALL)
    return parameters


def _role(scope: Construct, grants: Sequence[Grant], names: Names) -> iam.Role:
    """Make the role of the process: the grants' calls and no others."""
    statements = [
        iam.PolicyStatement(sid=grant.sid, actions=list(grant.actions), resources=grant.arns(names))
        for grant in grants
    ]
    return iam.Role(
        scope,
        "Role",
        assumed_by=iam.ServicePrincipal(
            "ecs-tasks.amazonaws.com",
            # ECS acts for other accounts too; here it may for this one.
            conditions={"StringEquals": {"aws:SourceAccount": names.account}},
        ),
        inline_policies={"Calls": iam.PolicyDocument(statements=statements)},
    )
