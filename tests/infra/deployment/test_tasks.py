"""Each process gets what it needs, is stopped in time for what it does, and can do no more."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

import pytest
from click.testing import CliRunner

from infra.deployment.permissions import ROLES
from ingest_api.serving.limits import BODY_SECONDS, CONNECTIONS
from ingest_api.serving.limits import STOP_SECONDS as GRACE_SECONDS
from ingest_api.settings import EdgeSettings
from schemas.environment import NAMES, read
from stream_worker.commands.cli import main
from stream_worker.engines.kcl.properties import SHUTDOWN_SECONDS
from stream_worker.process.settings import WorkerSettings
from tests.support.synthesis import ROOT, resources

if TYPE_CHECKING:
    from tests.support.deployment.variant import Variant

PROCESSES = ("edge", "worker", "days")
DOCKERFILES = {"edge": "ingest_api", "worker": "stream_worker", "days": "stream_worker"}


def definition(variant: Variant, name: str) -> dict[str, Any]:
    tasks = resources(variant.services, "AWS::ECS::TaskDefinition").values()
    (found,) = (task for task in tasks if task["ContainerDefinitions"][0]["Name"] == name)
    task: dict[str, Any] = found
    return task


def container(variant: Variant, name: str) -> dict[str, Any]:
    (found,) = definition(variant, name)["ContainerDefinitions"]
    only: dict[str, Any] = found
    return only


def environment(variant: Variant, name: str) -> dict[str, str]:
    """Return a container's environment; names that the data stack exports stand for themselves."""
    return {
        one["Name"]: one["Value"] if isinstance(one["Value"], str) else one["Value"]["Fn::ImportValue"]
        for one in container(variant, name)["Environment"]
    }


def services(variant: Variant) -> dict[str, dict[str, Any]]:
    found = resources(variant.services, "AWS::ECS::Service")
    return {name.lower()[: name.index("Service")]: service for name, service in found.items()}


@pytest.mark.parametrize("name", PROCESSES)
def test_a_container_can_write_to_its_temporary_folder_alone(defaults: Variant, name: str) -> None:
    made = container(defaults, name)
    assert made["ReadonlyRootFilesystem"] is True
    mounted = [(one["ContainerPath"], one["ReadOnly"]) for one in made["MountPoints"]]
    assert mounted == [("/tmp", False)]  # noqa: S108 - the container's
    assert made["LinuxParameters"]["Capabilities"] == {"Drop": ["ALL"]}
    assert "Privileged" not in made


@pytest.mark.parametrize("name", PROCESSES)
def test_a_container_runs_as_the_images_user_and_not_as_root(defaults: Variant, name: str) -> None:
    dockerfile = (ROOT / DOCKERFILES[name] / "Dockerfile").read_text("utf-8")
    (user,) = re.findall(r"^USER (\S+)$", dockerfile, re.MULTILINE)
    assert container(defaults, name)["User"] == user
    assert not user.startswith(("0", "root"))


@pytest.mark.parametrize("name", PROCESSES)
def test_a_container_starts_what_the_image_starts(defaults: Variant, name: str) -> None:
    dockerfile = (ROOT / DOCKERFILES[name] / "Dockerfile").read_text("utf-8")
    (entry,) = re.findall(r"^ENTRYPOINT (\[.*\])$", dockerfile, re.MULTILINE)
    assert container(defaults, name)["EntryPoint"] == json.loads(entry)


@pytest.mark.parametrize("name", PROCESSES)
def test_a_containers_settings_are_settings_that_its_process_reads(defaults: Variant, name: str) -> None:
    told = environment(defaults, name)
    assert told.keys() <= NAMES
    settings = read(EdgeSettings if name == "edge" else WorkerSettings, told)
    assert settings.model_fields_set == {key.removeprefix("METRICS_").lower() for key in told}


def test_the_edge_listens_where_the_load_balancer_asks(defaults: Variant) -> None:
    told = environment(defaults, "edge")
    (mapped,) = container(defaults, "edge")["PortMappings"]
    assert (told["METRICS_HOST"], told["METRICS_PORT"]) == ("0.0.0.0", str(mapped["ContainerPort"]))  # noqa: S104 - the container's
    assert defaults.one("AWS::ElasticLoadBalancingV2::TargetGroup")["Port"] == mapped["ContainerPort"]


def test_the_worker_is_killed_long_after_its_daemon_has_given_up_a_flush_much_sooner(
    defaults: Variant,
) -> None:
    supervisor = 10  # stream_worker.engines.kcl.daemon: what it adds to the daemon's own time
    stop = container(defaults, "worker")["StopTimeout"]
    assert 120 >= stop > SHUTDOWN_SECONDS + supervisor
    assert SHUTDOWN_SECONDS > 10  # seconds that S3 may take with a PUT until it is tried again


def test_the_edge_is_killed_long_after_it_has_answered_what_it_took(defaults: Variant) -> None:
    longest = EdgeSettings.model_fields["publish_seconds"].default
    stop = container(defaults, "edge")["StopTimeout"]
    assert 120 >= stop > 2 * (GRACE_SECONDS + BODY_SECONDS + longest)
    attributes = defaults.one("AWS::ElasticLoadBalancingV2::TargetGroup")["TargetGroupAttributes"]
    drain = {one["Key"]: one["Value"] for one in attributes}["deregistration_delay.timeout_seconds"]
    assert int(drain) > BODY_SECONDS + longest


def test_the_edge_may_open_a_file_for_each_of_its_connections(defaults: Variant) -> None:
    (limit,) = container(defaults, "edge")["Ulimits"]
    assert limit == {"Name": "nofile", "SoftLimit": 65_535, "HardLimit": 65_535}
    assert limit["SoftLimit"] > 2 * CONNECTIONS


def test_the_workers_health_check_is_a_command_of_its_own(defaults: Variant) -> None:
    kind, program, *arguments = container(defaults, "worker")["HealthCheck"]["Command"]
    assert (kind, [program]) == ("CMD", container(defaults, "worker")["EntryPoint"])
    assert CliRunner().invoke(main, [*arguments, "--help"]).exit_code == 0


def test_the_edges_health_checks_ask_for_the_process_and_not_for_the_stream(defaults: Variant) -> None:
    assert "/healthz" in container(defaults, "edge")["HealthCheck"]["Command"][-1]
    assert defaults.one("AWS::ElasticLoadBalancingV2::TargetGroup")["HealthCheckPath"] == "/healthz"


def test_new_tasks_run_before_old_ones_leave_and_a_broken_deployment_is_taken_back(defaults: Variant) -> None:
    assert services(defaults).keys() == {"edge", "worker"}
    for service in services(defaults).values():
        rolling = service["DeploymentConfiguration"]
        assert (rolling["MinimumHealthyPercent"], rolling["MaximumPercent"]) == (100, 200)
        assert rolling["DeploymentCircuitBreaker"] == {"Enable": True, "Rollback": True}
        assert not service.get("EnableExecuteCommand")
    alarms = services(defaults)["edge"]["DeploymentConfiguration"]["Alarms"]
    assert alarms == {"AlarmNames": ["metrics-worker-edge-cannot-publish"], "Enable": True, "Rollback": True}


def test_nobody_speaks_to_a_task_but_the_load_balancer_to_the_edge(defaults: Variant) -> None:
    groups = resources(defaults.services, "AWS::EC2::SecurityGroup")
    open_ones = [name for name, group in groups.items() if "SecurityGroupIngress" in group]
    assert [name[:4] for name in open_ones] == ["Door"]
    rule = defaults.one("AWS::EC2::SecurityGroupIngress")
    assert rule["GroupId"]["Fn::GetAtt"][0].startswith("EdgeSecurityGroup")
    assert rule["SourceSecurityGroupId"]["Fn::GetAtt"][0] == open_ones[0]
    tasks = [group for name, group in groups.items() if not name.startswith("Door")]
    assert all(
        [(rule["FromPort"], rule["ToPort"]) for rule in group["SecurityGroupEgress"]] == [(443, 443)]
        for group in tasks
    )


@pytest.mark.parametrize("name", PROCESSES)
def test_a_role_may_do_what_its_grants_say(defaults: Variant, name: str) -> None:
    roles = resources(defaults.services, "AWS::IAM::Role")
    role = roles[definition(defaults, name)["TaskRoleArn"]["Fn::GetAtt"][0]]
    (policy,) = role["Policies"]
    made = {}
    for one in policy["PolicyDocument"]["Statement"]:
        actions = one["Action"] if isinstance(one["Action"], list) else [one["Action"]]
        made[one["Sid"]] = (one["Effect"], set(actions))
    assert made == {grant.sid: ("Allow", set(grant.actions)) for grant in ROLES[name]}
    assert "ManagedPolicyArns" not in role


def test_the_days_commands_are_commands_and_run_one_after_the_other(defaults: Variant) -> None:
    planned = {}
    for schedule in resources(defaults.services, "AWS::Scheduler::Schedule").values():
        (override,) = json.loads(schedule["Target"]["Input"])["containerOverrides"]
        assert override["name"] == container(defaults, "days")["Name"]
        assert schedule["ScheduleExpressionTimezone"] == "Etc/UTC"
        planned[schedule["ScheduleExpression"]] = override["command"]
        command, *options = override["command"]
        helped = CliRunner().invoke(main, [command, "--help"])
        assert helped.exit_code == 0
        assert all(option in helped.output for option in options if option.startswith("--"))
    assert planned == {
        "cron(20 0 * * ? *)": ["seal", "--all"],
        "cron(20 2 * * ? *)": ["audit", "--last", "7"],
        "cron(20 3 * * ? *)": ["expire"],
    }


def test_workers_come_when_records_wait_and_no_more_than_there_are_shards(defaults: Variant) -> None:
    targets = resources(defaults.services, "AWS::ApplicationAutoScaling::ScalableTarget")
    (worker,) = (target for name, target in targets.items() if name.startswith("Worker"))
    assert (worker["MinCapacity"], worker["MaxCapacity"]) == (1, 1)
    alarms = resources(defaults.services, "AWS::CloudWatch::Alarm")
    scaling = {name: alarm for name, alarm in alarms.items() if name.startswith("Worker")}
    assert {alarm["MetricName"] for alarm in scaling.values()} == {"oldest_uncommitted_seconds"}
    assert {alarm["Threshold"] for alarm in scaling.values()} == {90, 180}


def test_the_outputs_are_what_a_command_on_days_by_hand_wants(defaults: Variant) -> None:
    outputs = defaults.services["Outputs"]
    assert outputs.keys() == {
        "ClusterName", "DaysNetwork", "DaysTaskDefinition", "EdgeServiceName", "EdgeUrl", "WorkerServiceName",
    }  # fmt: skip
    assert outputs["DaysTaskDefinition"]["Value"] == definition(defaults, "days")["Family"]
