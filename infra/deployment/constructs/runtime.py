"""Where a process of ours runs, and what for: what all of them are given alike."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from aws_cdk import aws_ec2 as ec2
    from aws_cdk import aws_ecr_assets as ecr_assets
    from aws_cdk import aws_ecs as ecs

    from infra.deployment.choices import Deployment
    from infra.deployment.permissions import Names


@dataclass(frozen=True, slots=True, kw_only=True)
class Runtime:
    """A cluster in a network, an image, the names of the data, and the operator's choices."""

    cluster: ecs.ICluster
    vpc: ec2.IVpc
    image: ecr_assets.DockerImageAsset
    deployment: Deployment
    names: Names
