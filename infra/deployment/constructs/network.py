"""The network: where tasks run, and who may speak to whom."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from aws_cdk import aws_ec2 as ec2

if TYPE_CHECKING:
    from constructs import Construct, IConstruct

HTTPS: Final = 443


def network(scope: Construct) -> ec2.Vpc:
    """Make two zones with public subnets and no NAT, and isolated ones for an internal load balancer.

    Tasks have public addresses and security groups that admit only the load balancer, to the edge; all they
    need outside are AWS's own endpoints, over TLS. A NAT gateway would cost 33 $ a month and 0.045 $ for
    each GB, interface endpoints 7.30 $ each and zone, five or six of them; a public address costs 3.65 $. The
    two gateway endpoints are free, and keep the lake's and the leases' traffic inside AWS.
    """
    vpc = ec2.Vpc(
        scope,
        "Vpc",
        max_azs=2,
        nat_gateways=0,
        subnet_configuration=[
            ec2.SubnetConfiguration(name="Tasks", subnet_type=ec2.SubnetType.PUBLIC, cidr_mask=24),
            ec2.SubnetConfiguration(name="Door", subnet_type=ec2.SubnetType.PRIVATE_ISOLATED, cidr_mask=24),
        ],
    )
    for name, service in {
        "S3": ec2.GatewayVpcEndpointAwsService.S3,
        "DynamoDB": ec2.GatewayVpcEndpointAwsService.DYNAMODB,
    }.items():
        vpc.add_gateway_endpoint(name, service=service)
    return vpc


def public() -> ec2.SubnetSelection:
    """Return where tasks run."""
    return ec2.SubnetSelection(subnet_type=ec2.SubnetType.PUBLIC)


def reachable_first(construct: IConstruct, vpc: ec2.IVpc) -> None:
    """Make a construct only when the VPC has its ways out: a task without one cannot fetch its image."""
    ways = (subnet.internet_connectivity_established for subnet in vpc.public_subnets)
    construct.node.add_dependency(vpc.internet_connectivity_established, *ways)


def task_security_group(scope: Construct, name: str, *, vpc: ec2.IVpc, of: str) -> ec2.SecurityGroup:
    """Make a security group for tasks: nothing comes in, and out go TLS connections alone."""
    group = ec2.SecurityGroup(
        scope, name, vpc=vpc, allow_all_outbound=False, description=f"The tasks of the {of}"
    )
    group.add_egress_rule(ec2.Peer.any_ipv4(), ec2.Port.tcp(HTTPS), "AWS, over TLS")
    return group
