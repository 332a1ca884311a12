"""What cdk-nag finds and is left so, each with its place and its reason."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from aws_cdk import Acknowledgment, Validations

from infra.deployment.permissions import DAYS, WORKER, Names

if TYPE_CHECKING:
    from collections.abc import Iterator

    from constructs import IConstruct

_NO_ADDRESSES: Final = "Such a log holds the addresses of who reports; access_logs switches it on."
_NO_SECRETS: Final = "They are names of resources; there is no secret in the system."
_OF_THE_CDK: Final = "ecr:GetAuthorizationToken knows no resource; all else that the agent may do is named."
_OBJECTS: Final = (
    "Objects below a folder of the lake, or the tables of replays: their names are made as they are written."
)


@dataclass(frozen=True, slots=True)
class Left:
    """A finding that is left: below which construct; which rule of AwsSolutions; why."""

    path: str
    rule: str
    reason: str


def left(data: str, services: str, names: Names) -> Iterator[Left]:
    """Yield all that is left in the stacks of these names."""
    yield Left(f"{data}/Lake", "S1", _NO_ADDRESSES)
    yield Left(f"{data}/QueryResults", "S1", "CloudTrail records who queries; results are gone after a week.")
    yield Left(f"{services}/Vpc", "VPC7", _NO_ADDRESSES)
    yield Left(f"{services}/Cluster", "ECS4", "It costs more than the tasks do.")
    for process in ("Edge/Edge", "Worker/Worker", "Days/Days"):
        yield Left(f"{services}/{process}/Definition", "ECS2", _NO_SECRETS)
        yield Left(f"{services}/{process}/Definition/ExecutionRole", "IAM5[Resource::*]", _OF_THE_CDK)
    for process, grants in {"Worker/Worker": WORKER, "Days/Days": DAYS}.items():
        wild = {arn for grant in grants for arn in grant.arns(names) if arn.endswith("*")}
        for arn in sorted(wild):
            yield Left(f"{services}/{process}/Role", f"IAM5[Resource::{arn}]", _OBJECTS)
    yield from _of_the_door(f"{services}/Door")


def _of_the_door(door: str) -> Iterator[Left]:
    yield Left(
        f"{door}/SecurityGroup",
        "EC23",
        "With a domain it is the door for the world, to TLS alone. Without one the load balancer has no"
        " public address: what reaches it is CloudFront, inside the VPC.",
    )
    yield Left(f"{door}/Balancer", "ELB2", _NO_ADDRESSES)
    yield Left(f"{door}/AccessLogs", "S1", "It is where access logs go.")
    yield Left(f"{door}/Distribution", "CFR1", "The product is used everywhere.")
    yield Left(f"{door}/Distribution", "CFR2", "The firewall is at the load balancer, behind it.")
    yield Left(f"{door}/Distribution", "CFR3", _NO_ADDRESSES)
    yield Left(
        f"{door}/Distribution",
        "CFR4",
        "CloudFront's certificate comes with its oldest policy; a domain of one's own has TLS 1.2 or 1.3.",
    )


def acknowledge(app: IConstruct, found: Iterator[Left]) -> None:
    """Tell cdk-nag; what these stacks do not have is passed over."""
    for one in found:
        place: IConstruct | None = app
        for part in one.path.split("/"):
            place = place.node.try_find_child(part) if place is not None else None
        if place is not None:
            rule = f"AwsSolutions::AwsSolutions-{one.rule}"
            Validations.of(place).acknowledge(Acknowledgment(id=rule, reason=one.reason))


def rendered(data: str, application: str, database: str) -> Names:
    """Return the names as cdk-nag spells them."""
    return Names(
        partition="<AWS::Partition>",
        region="<AWS::Region>",
        account="<AWS::AccountId>",
        stream=f"{data}-StreamName",
        bucket=f"{data}-BucketName",
        database=database,
        application=application,
    )
