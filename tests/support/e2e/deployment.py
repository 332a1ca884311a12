"""The stacks, deployed to the emulator's CloudFormation as far as it goes."""

from __future__ import annotations

import ast
import json
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final

from infra.local import resources, system
from tests.conftest import SESSION
from tests.support import synthesis

if TYPE_CHECKING:
    from infra.local.endpoint import Endpoint
    from tests.support.synthesis import Template

_NO_SUPPORT: Final = "moto's CloudFormation does not know it"

CANNOT: Final = {
    "AWS::ApplicationAutoScaling::ScalableTarget": _NO_SUPPORT,
    "AWS::ApplicationAutoScaling::ScalingPolicy": _NO_SUPPORT,
    "AWS::Athena::NamedQuery": _NO_SUPPORT,
    "AWS::Athena::WorkGroup": _NO_SUPPORT,
    "AWS::CloudFront::Distribution": _NO_SUPPORT,
    "AWS::CloudFront::Function": _NO_SUPPORT,
    "AWS::CloudFront::OriginRequestPolicy": _NO_SUPPORT,
    "AWS::CloudFront::VpcOrigin": _NO_SUPPORT,
    "AWS::CloudWatch::Alarm": _NO_SUPPORT,
    "AWS::EC2::SecurityGroupEgress": _NO_SUPPORT,
    "AWS::Glue::Database": f"{_NO_SUPPORT}: made from the same properties by Glue's own API",
    "AWS::Glue::Table": f"{_NO_SUPPORT}: made from the same properties by Glue's own API",
    "AWS::KMS::Key": "moto loses it: a reference to it is one to an undefined resource",
    "AWS::Logs::MetricFilter": f"{_NO_SUPPORT}; what its pattern counts is held to real lines elsewhere",
    "AWS::S3::BucketPolicy": f"{_NO_SUPPORT}, and its S3 stores policies without enforcing them",
    "AWS::SNS::TopicPolicy": _NO_SUPPORT,
    "AWS::Scheduler::Schedule": _NO_SUPPORT,
    "AWS::WAFv2::WebACL": _NO_SUPPORT,
    "AWS::WAFv2::WebACLAssociation": _NO_SUPPORT,
}
"""What moto cannot make of the templates, and why; references to it become its logical id."""


@dataclass(frozen=True)
class Deployed:
    """Both stacks on an emulator."""

    endpoint: Endpoint

    @classmethod
    def on(cls, endpoint: Endpoint) -> Deployed:
        """Deploy."""
        deployed = cls(endpoint)
        ssm = deployed.client("ssm")  # what `cdk bootstrap` leaves
        ssm.put_parameter(Name="/cdk-bootstrap/hnb659fds/version", Value="30", Type="String")
        for name, template in synthesis.templates().items():
            deployed.client("cloudformation").create_stack(
                StackName=name, TemplateBody=json.dumps(possible(template)), Capabilities=["CAPABILITY_IAM"]
            )
        deployed._make_catalog()
        return deployed

    def client(self, service: str) -> Any:  # noqa: ANN401 - each service's client has its own type
        return SESSION.client(service, endpoint_url=self.endpoint.url)  # type: ignore[call-overload] # any

    @cached_property
    def outputs(self) -> dict[str, str]:
        """What both stacks tell, by name."""
        stacks = self.client("cloudformation").describe_stacks()["Stacks"]
        assert {stack["StackStatus"] for stack in stacks} == {"CREATE_COMPLETE"}
        return {one["OutputKey"]: one["OutputValue"] for stack in stacks for one in stack["Outputs"]}

    @property
    def cloud(self) -> system.Cloud:
        """Where processes work: the names are the stacks' own."""
        named = resources.Resources(
            stream=self.outputs["StreamName"],
            shards=1,
            bucket=self.outputs["BucketName"],
            database=self.outputs["DatabaseName"],
        )
        return system.Cloud(self.endpoint, named)

    def made(self, stack: str) -> list[str]:
        """Return the types of what a stack has made, one for each resource."""
        listed = self.client("cloudformation").list_stack_resources(StackName=stack)["StackResourceSummaries"]
        return [one["ResourceType"] for one in listed]

    def settings(self, task: str) -> dict[str, str]:
        """Return the environment that a task's definition gives its container."""
        family = f"{self.outputs['ApplicationName']}-{task}"
        definition = self.client("ecs").describe_task_definition(taskDefinition=family)["taskDefinition"]
        (container,) = definition["containerDefinitions"]
        return {one["name"]: one["value"] for one in container["environment"]}

    def statements(self, role: str) -> list[dict[str, Any]]:
        """Return the statements of a task's role: `edge`, `worker` or `days`."""
        iam = self.client("iam")
        (name,) = (
            one["RoleName"]
            for one in iam.list_roles()["Roles"]
            if one["RoleName"].startswith(f"{synthesis.SERVICES}-{role.title()}Role")
        )
        (policy,) = iam.list_role_policies(RoleName=name)["PolicyNames"]
        document = iam.get_role_policy(RoleName=name, PolicyName=policy)["PolicyDocument"]
        if isinstance(document, str):  # moto gives what came from CloudFormation as Python prints it
            document = ast.literal_eval(document)
        found: list[dict[str, Any]] = document["Statement"]
        return found

    def _make_catalog(self) -> None:
        glue, data = self.client("glue"), synthesis.templates()[synthesis.DATA]
        for database in synthesis.resources(data, "AWS::Glue::Database").values():
            glue.create_database(DatabaseInput=database["DatabaseInput"])
        for table in synthesis.resources(data, "AWS::Glue::Table").values():
            described = self._with_bucket(table["TableInput"])
            glue.create_table(DatabaseName=self.outputs["DatabaseName"], TableInput=described)

    def _with_bucket(self, properties: Any) -> Any:  # noqa: ANN401 - any JSON
        """Return properties whose only unknown is the bucket's name."""
        if isinstance(properties, dict):
            if "Fn::Join" in properties:
                glue, parts = properties["Fn::Join"]
                return glue.join(self._with_bucket(part) for part in parts)
            if "Ref" in properties:
                return self.outputs["BucketName"]
            return {name: self._with_bucket(value) for name, value in properties.items()}
        if isinstance(properties, list):
            return [self._with_bucket(value) for value in properties]
        return properties


def possible(template: Template) -> Template:
    """Return the part of a template that moto can make."""
    left_out = {name for name, one in template["Resources"].items() if one["Type"] in CANNOT}

    def known(value: Any) -> Any:  # noqa: ANN401 - any JSON
        match value:
            case {"Ref": name} if name in left_out:
                return name
            case {"Fn::GetAtt": [name, attribute]} if name in left_out:
                return f"{name}-{attribute}"
            case {"DependsOn": names}:
                rest = {key: known(one) for key, one in value.items() if key != "DependsOn"}
                wanted = [names] if isinstance(names, str) else names
                return rest | {"DependsOn": [name for name in wanted if name not in left_out]}
            case dict():
                return {key: known(one) for key, one in value.items()}
            case list():
                return [known(one) for one in value]
            case _:
                return value

    kept = {name: one for name, one in template["Resources"].items() if name not in left_out}
    found: Template = known(template | {"Resources": kept})
    return found
