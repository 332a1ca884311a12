"""The world comes in by TLS, nobody keeps its addresses, and nobody comes in too often."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from ingest_api.serving.limits import BODY_SECONDS, IDLE_SECONDS
from ingest_api.settings import EdgeSettings
from tests.support.synthesis import resources

if TYPE_CHECKING:
    from tests.infra.deployment.conftest import Variants
    from tests.support.deployment.variant import Variant

BALANCER = "AWS::ElasticLoadBalancingV2::LoadBalancer"
LISTENER = "AWS::ElasticLoadBalancingV2::Listener"
WITH_A_DOMAIN = ["a domain", "a certificate"]


def attributes(variant: Variant) -> dict[str, object]:
    return {one["Key"]: one["Value"] for one in variant.one(BALANCER)["LoadBalancerAttributes"]}


def test_without_a_domain_the_load_balancer_is_cloudfronts_alone(defaults: Variant) -> None:
    balancer = defaults.one(BALANCER)
    assert balancer["Scheme"] == "internal"
    assert all("Door" in subnet["Ref"] for subnet in balancer["Subnets"])
    routes = resources(defaults.services, "AWS::EC2::Route").values()
    assert not any("Door" in route["RouteTableId"]["Ref"] for route in routes)
    (origin,) = defaults.one("AWS::CloudFront::Distribution")["DistributionConfig"]["Origins"]
    assert "VpcOriginConfig" in origin


def test_cloudfront_speaks_tls_alone_caches_nothing_and_passes_on_no_address(defaults: Variant) -> None:
    config = defaults.one("AWS::CloudFront::Distribution")["DistributionConfig"]
    behavior = config["DefaultCacheBehavior"]
    assert behavior["ViewerProtocolPolicy"] == "https-only"
    caching_disabled = "4135ea2d-6df8-44a3-9df3-4b5a84be39ad"  # its id, the same in every account
    assert behavior["CachePolicyId"] == caching_disabled
    forwarded = defaults.one("AWS::CloudFront::OriginRequestPolicy")["OriginRequestPolicyConfig"]
    read_by_the_edge = {"Content-Type", "Content-Encoding", "Origin", "Sec-Fetch-Site"}
    read_by_the_firewall = {"x-metrics-class"}
    assert set(forwarded["HeadersConfig"]["Headers"]) == read_by_the_edge | read_by_the_firewall
    assert "Logging" not in config


@pytest.mark.parametrize("name", ["defaults", *WITH_A_DOMAIN])
def test_what_is_nearer_to_the_sender_gives_up_an_idle_connection_first(
    variants: Variants, name: str
) -> None:
    """Otherwise a request is sent into a connection that the other side is closing, and answered 502."""
    variant = variants(name)
    balancer = int(str(attributes(variant)["idle_timeout.timeout_seconds"]))
    assert balancer < IDLE_SECONDS
    for distribution in resources(variant.services, "AWS::CloudFront::Distribution").values():
        (origin,) = distribution["DistributionConfig"]["Origins"]
        assert origin["VpcOriginConfig"]["OriginKeepaliveTimeout"] < balancer


@pytest.mark.parametrize("name", ["defaults", *WITH_A_DOMAIN])
def test_the_longest_request_is_answered_before_anybody_stops_waiting(variants: Variants, name: str) -> None:
    variant = variants(name)
    longest = BODY_SECONDS + EdgeSettings.model_fields["publish_seconds"].default
    assert int(str(attributes(variant)["idle_timeout.timeout_seconds"])) > longest
    for distribution in resources(variant.services, "AWS::CloudFront::Distribution").values():
        (origin,) = distribution["DistributionConfig"]["Origins"]
        assert origin["VpcOriginConfig"]["OriginReadTimeout"] > longest


@pytest.mark.parametrize("name", ["defaults", *WITH_A_DOMAIN])
def test_what_is_no_proper_request_ends_at_the_load_balancer(variants: Variants, name: str) -> None:
    variant = variants(name)
    assert attributes(variant)["routing.http.desync_mitigation_mode"] == "strictest"
    assert attributes(variant)["routing.http.drop_invalid_header_fields.enabled"] == "true"
    assert variant.one("AWS::ElasticLoadBalancingV2::TargetGroup")["ProtocolVersion"] == "HTTP1"


@pytest.mark.parametrize("name", WITH_A_DOMAIN)
def test_with_a_domain_the_load_balancer_listens_for_tls_1_2_and_1_3_alone(
    variants: Variants, name: str
) -> None:
    variant = variants(name)
    assert variant.one(BALANCER)["Scheme"] == "internet-facing"
    listener = variant.one(LISTENER)
    assert (listener["Port"], listener["Protocol"]) == (443, "HTTPS")
    assert listener["SslPolicy"].startswith("ELBSecurityPolicy-TLS13-1-2-Res")
    groups = resources(variant.services, "AWS::EC2::SecurityGroup").values()
    (rule,) = (rule for group in groups for rule in group.get("SecurityGroupIngress", ()))
    assert (rule["FromPort"], rule["ToPort"]) == (443, 443)
    assert not any("CloudFront" in kind for kind in variant.kinds())
    assert variant.services["Outputs"]["EdgeUrl"]["Value"] == "https://reports.example.org"


def test_a_zone_gets_the_address_and_proves_the_certificate(variants: Variants) -> None:
    variant = variants("a domain")
    assert variant.one("AWS::Route53::RecordSet")["Name"] == "reports.example.org."
    assert variant.one("AWS::CertificateManager::Certificate")["ValidationMethod"] == "DNS"


def test_a_certificate_of_ones_own_is_used_and_no_other_is_made(variants: Variants) -> None:
    variant = variants("a certificate")
    assert "AWS::CertificateManager::Certificate" not in variant.kinds()
    assert "AWS::Route53::RecordSet" not in variant.kinds()
    (certificate,) = variant.one(LISTENER)["Certificates"]
    assert certificate["CertificateArn"].startswith("arn:aws:acm:")


@pytest.mark.parametrize("name", ["defaults", *WITH_A_DOMAIN])
def test_the_edge_is_told_no_address_and_nobody_logs_one(variants: Variants, name: str) -> None:
    told = attributes(variants(name))
    assert told["routing.http.xff_header_processing.mode"] == "remove"
    assert told.get("access_logs.s3.enabled", "false") == "false"
    assert not {"AWS::EC2::FlowLog", "AWS::WAFv2::LoggingConfiguration"} & variants(name).kinds()
    acl = variants(name).one("AWS::WAFv2::WebACL")
    seen = [acl["VisibilityConfig"], *(rule["VisibilityConfig"] for rule in acl["Rules"])]
    assert not any(one["SampledRequestsEnabled"] for one in seen)


@pytest.mark.parametrize(("name", "key"), [("defaults", "CUSTOM_KEYS"), ("a domain", "IP")])
def test_who_comes_too_often_is_told_when_to_come_again(variants: Variants, name: str, key: str) -> None:
    variant = variants(name)
    rule = rules(variant)["TooOften"]
    rate = rule["Statement"]["RateBasedStatement"]
    assert (rate["Limit"], rate["AggregateKeyType"], rate["EvaluationWindowSec"]) == (100, key, 300)
    answer = rule["Action"]["Block"]["CustomResponse"]
    assert answer["ResponseCode"] == 429
    assert answer["ResponseHeaders"] == [{"Name": "Retry-After", "Value": "300"}]
    placed = variant.one("AWS::WAFv2::WebACLAssociation")
    assert placed["ResourceArn"]["Ref"] in variant.services["Resources"]


@pytest.mark.parametrize("name", ["defaults", "a domain"])
def test_a_body_of_more_than_8_kib_is_answered_413_by_the_firewall(variants: Variants, name: str) -> None:
    variant = variants(name)
    rule = rules(variant)["TooLong"]
    longer = rule["Statement"]["SizeConstraintStatement"]
    assert (longer["ComparisonOperator"], longer["Size"]) == ("GT", 8192)
    # The firewall sees 8 KiB of a body: with any other handling it would let longer ones through.
    assert longer["FieldToMatch"] == {"Body": {"OversizeHandling": "MATCH"}}
    answer = rule["Action"]["Block"]["CustomResponse"]
    body = variant.one("AWS::WAFv2::WebACL")["CustomResponseBodies"][answer["CustomResponseBodyKey"]]
    assert (answer["ResponseCode"], body["ContentType"]) == (413, "APPLICATION_JSON")
    problem = json.loads(body["Content"])
    assert problem.keys() == {"type", "title", "status", "detail"}
    assert (problem["status"], "8,192 bytes" in problem["detail"]) == (413, True)


def test_long_bodies_count_against_the_rate_too(defaults: Variant) -> None:
    """A rule that blocks ends the evaluation, so the one that counts must come first."""
    assert rules(defaults)["TooOften"]["Priority"] < rules(defaults)["TooLong"]["Priority"]


def test_the_firewall_neither_logs_nor_samples_a_request(defaults: Variant) -> None:
    acl = defaults.one("AWS::WAFv2::WebACL")
    seen = [acl["VisibilityConfig"], *(rule["VisibilityConfig"] for rule in acl["Rules"])]
    assert [one["SampledRequestsEnabled"] for one in seen] == [False] * 3
    assert "AWS::WAFv2::LoggingConfiguration" not in defaults.kinds()


def rules(variant: Variant) -> dict[str, dict[str, Any]]:
    return {rule["Name"]: rule for rule in variant.one("AWS::WAFv2::WebACL")["Rules"]}


def test_who_asks_for_access_logs_gets_them_for_as_long_as_other_logs(variants: Variants) -> None:
    config = variants("logs").one("AWS::CloudFront::Distribution")["DistributionConfig"]
    assert "Bucket" in config["Logging"]
    assert attributes(variants("a domain and logs"))["access_logs.s3.enabled"] == "true"
    for name in ("logs", "a domain and logs"):
        bucket = resources(variants(name).services, "AWS::S3::Bucket").popitem()[1]
        (rule,) = bucket["LifecycleConfiguration"]["Rules"]
        assert rule["ExpirationInDays"] == 30
