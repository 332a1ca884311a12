"""The door to the edge: a load balancer, and who ends TLS before it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final

from aws_cdk import Duration
from aws_cdk import aws_certificatemanager as acm
from aws_cdk import aws_cloudfront as cloudfront
from aws_cdk import aws_cloudfront_origins as origins
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_elasticloadbalancingv2 as elb
from aws_cdk import aws_route53 as route53
from aws_cdk import aws_route53_targets as targets
from constructs import Construct

from infra.deployment.constructs.access_logs import AccessLogs
from infra.deployment.constructs.edge import PORT
from infra.deployment.constructs.firewall import firewall
from infra.deployment.constructs.network import HTTPS, public, reachable_first

if TYPE_CHECKING:
    from infra.deployment.choices import Deployment
    from infra.deployment.constructs.edge import Edge

CLASS_HEADER: Final = "x-metrics-class"
"""Where `viewer.js` puts what represents the viewer's address."""

WAIT_SECONDS: Final = 30
"""How long the load balancer, and CloudFront before it, wait for an answer; an idle connection lasts as long.

Longer than the longest request (`edge.DRAIN_SECONDS`), shorter than the edge keeps an idle connection
(`ingest_api.serving.limits.IDLE_SECONDS`). A sender who sends a byte now and then renews the load balancer's
idle time-out: it is the edge's own deadlines that end such a request.
"""

REUSE_SECONDS: Final = 20
"""How long CloudFront keeps an idle connection to the load balancer: shorter than that keeps it."""

FORWARDED: Final = ("Content-Type", "Content-Encoding", "Origin", "Sec-Fetch-Site")
"""The headers that the edge reads, and keeps nowhere; CloudFront takes out all others.

By type and coding the edge answers 415. By the other two it sees that a browser sends for another site: 403.
"""

_HTTP: Final = 80


class Door(Construct):
    """What the world sees of the edge; `url` is where deployments report to."""

    def __init__(
        self, scope: Construct, name: str, *, vpc: ec2.IVpc, edge: Edge, deployment: Deployment
    ) -> None:
        """With a domain the load balancer has its certificate; without one CloudFront has its own."""
        super().__init__(scope, name)
        logs = AccessLogs(self, "AccessLogs", days=deployment.log_days) if deployment.access_logs else None
        self.vpc = vpc
        own = deployment.domain_name is not None
        self.security_group = ec2.SecurityGroup(
            self, "SecurityGroup", vpc=vpc, allow_all_outbound=False, description="The load balancer"
        )
        self.alb = _balancer(self, vpc, self.security_group, internet_facing=own)
        edge.security_group.add_ingress_rule(
            self.security_group, ec2.Port.tcp(PORT), "Reports, from the load balancer"
        )
        self.security_group.add_egress_rule(edge.security_group, ec2.Port.tcp(PORT), "Reports, to the edge")
        if own:
            self.url = _open_to_the_world(self, edge, deployment)
            if logs is not None:
                logs.of_balancer(self.alb)
        else:
            self.url = _behind_cloudfront(self, edge, logs)
        firewall(
            self,
            alb=self.alb,
            requests=deployment.requests_per_address,
            header=None if own else CLASS_HEADER,
        )


def _balancer(
    scope: Construct, vpc: ec2.IVpc, group: ec2.SecurityGroup, *, internet_facing: bool
) -> elb.ApplicationLoadBalancer:
    """Make the load balancer. It passes no address on to the edge: X-Forwarded-For is taken out.

    What is not HTTP as RFC 7230 has it, and a header that is not one, ends here.
    """
    isolated = ec2.SubnetSelection(subnet_type=ec2.SubnetType.PRIVATE_ISOLATED)
    return elb.ApplicationLoadBalancer(
        scope,
        "Balancer",
        vpc=vpc,
        internet_facing=internet_facing,
        vpc_subnets=public() if internet_facing else isolated,
        security_group=group,
        drop_invalid_header_fields=True,
        xff_header_processing_mode=elb.XffHeaderProcessingMode.REMOVE,
        desync_mitigation_mode=elb.DesyncMitigationMode.STRICTEST,
        idle_timeout=Duration.seconds(WAIT_SECONDS),
    )


def _open_to_the_world(door: Door, edge: Edge, deployment: Deployment) -> str:
    """Listen for TLS 1.2 and 1.3, and for nothing on port 80: no reporter follows a redirect."""
    domain = deployment.domain_name or ""
    zone = None
    if deployment.hosted_zone_id:
        zone = route53.HostedZone.from_hosted_zone_attributes(
            door, "Zone", hosted_zone_id=deployment.hosted_zone_id, zone_name=domain
        )
        route53.ARecord(
            door,
            "Address",
            zone=zone,
            record_name=f"{domain}.",
            target=route53.RecordTarget.from_alias(targets.LoadBalancerTarget(door.alb)),
        )
    if deployment.certificate_arn:
        certificate = acm.Certificate.from_certificate_arn(door, "Certificate", deployment.certificate_arn)
    else:
        certificate = acm.Certificate(
            door,
            "Certificate",
            domain_name=domain,
            validation=acm.CertificateValidation.from_dns(zone),
        )
    door.security_group.add_ingress_rule(ec2.Peer.any_ipv4(), ec2.Port.tcp(HTTPS), "Reports, over TLS")
    door.alb.add_listener(
        "Tls",
        port=HTTPS,
        protocol=elb.ApplicationProtocol.HTTPS,
        certificates=[certificate],
        ssl_policy=elb.SslPolicy.TLS13_RES,
        open=False,
        default_target_groups=[edge.target_group],
    )
    return f"https://{domain}"


def _behind_cloudfront(door: Door, edge: Edge, logs: AccessLogs | None) -> str:
    """Let CloudFront end TLS with the certificate that it has for each distribution, and come in by the VPC.

    The load balancer has no public address and stands in subnets without a way out. So what its security
    group lets in comes from inside the VPC: from CloudFront's interface there, made for distributions of this
    account alone. CloudFront's list of addresses would say no more, and has another id in each region.
    """
    door.security_group.add_ingress_rule(
        ec2.Peer.any_ipv4(), ec2.Port.tcp(_HTTP), "Reports, from CloudFront inside the VPC"
    )
    door.alb.add_listener(
        "Http",
        port=_HTTP,
        protocol=elb.ApplicationProtocol.HTTP,
        open=False,
        default_target_groups=[edge.target_group],
    )
    origin = origins.VpcOrigin.with_application_load_balancer(
        door.alb,
        protocol_policy=cloudfront.OriginProtocolPolicy.HTTP_ONLY,
        read_timeout=Duration.seconds(WAIT_SECONDS),
        keepalive_timeout=Duration.seconds(REUSE_SECONDS),
    )
    distribution = cloudfront.Distribution(
        door,
        "Distribution",
        comment="usage-metrics: TLS for the edge, nothing is cached",
        default_behavior=_behavior(door, origin),
        # The cheapest edge locations; a report a day can wait a moment longer.
        price_class=cloudfront.PriceClass.PRICE_CLASS_100,
        # As the load balancer: viewer.js sorts IPv4 addresses.
        enable_ipv6=False,
        enable_logging=logs is not None,
        log_bucket=logs.bucket if logs is not None else None,
    )
    reachable_first(distribution, door.vpc)
    return f"https://{distribution.distribution_domain_name}"


def _behavior(door: Door, origin: cloudfront.IOrigin) -> cloudfront.BehaviorOptions:
    function = cloudfront.Function(
        door,
        "Viewer",
        code=cloudfront.FunctionCode.from_inline(Path(__file__).with_name("viewer.js").read_text("utf-8")),
        runtime=cloudfront.FunctionRuntime.JS_2_0,
        comment="Sorts viewers into classes for the firewall",
    )
    return cloudfront.BehaviorOptions(
        origin=origin,
        allowed_methods=cloudfront.AllowedMethods.ALLOW_ALL,
        viewer_protocol_policy=cloudfront.ViewerProtocolPolicy.HTTPS_ONLY,
        cache_policy=cloudfront.CachePolicy.CACHING_DISABLED,
        # Cookies and query strings stay outside; the edge knows none.
        origin_request_policy=_forwarded(door),
        compress=False,
        function_associations=[
            cloudfront.FunctionAssociation(
                function=function, event_type=cloudfront.FunctionEventType.VIEWER_REQUEST
            )
        ],
    )


def _forwarded(door: Door) -> cloudfront.OriginRequestPolicy:
    return cloudfront.OriginRequestPolicy(
        door,
        "Forwarded",
        comment="usage-metrics: what the edge and the firewall read of a request",
        header_behavior=cloudfront.OriginRequestHeaderBehavior.allow_list(*FORWARDED, CLASS_HEADER),
        cookie_behavior=cloudfront.OriginRequestCookieBehavior.none(),
        query_string_behavior=cloudfront.OriginRequestQueryStringBehavior.none(),
    )
