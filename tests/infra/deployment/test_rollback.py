"""A deployment is rolled back by what the new version does wrong, and by nothing that a stranger can send."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
import structlog

from ingest_api.publisher import Publisher, UnavailableError
from ingest_api.stream import CallFailedError, MemoryStream, Refused
from tests.infra.deployment.test_alarms import alarms, metrics
from tests.support.edge.publishing import publish
from tests.support.log_pattern import LogPattern
from tests.support.synthesis import resources

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ingest_api.batch import Entry
    from ingest_api.stream import Fate
    from tests.infra.deployment.conftest import Variants
    from tests.support.deployment.variant import Variant

OWN_FAULT = [
    "AccessDeniedException", "ResourceNotFoundException", "UnrecognizedClientException", "NoCredentialsError",
    "KMSAccessDeniedException", "KMSDisabledException", "KMSNotFoundException",
]  # fmt: skip
"""What Kinesis and boto3 say of an edge whose role, stream or key is wrong."""

OF_STRANGERS = [
    "ProvisionedThroughputExceededException", "KMSThrottlingException", "LimitExceededException",
    "ThrottlingException", "InternalFailure", "ServiceUnavailable", "ReadTimeoutError", "ConnectTimeoutError",
    "EndpointConnectionError", "ConnectionClosedError", "CredentialRetrievalError", "InsaneAnswer",
    "InvalidArgumentException", "ValidationException", "SerializationException", "OSError", "MemoryError",
]  # fmt: skip
"""What a flood, an outage, or a strange body that the edge lets through can bring about."""


def watched(variant: Variant) -> dict[str, list[str]]:
    """Return the alarms that roll each service's deployments back, by the service's logical id."""
    found = {}
    for name, service in resources(variant.services, "AWS::ECS::Service").items():
        by = service["DeploymentConfiguration"].get("Alarms", {"AlarmNames": []})
        found[name] = by["AlarmNames"]
    return found


def counting(variant: Variant, metric: dict[str, Any]) -> dict[str, Any]:
    """Return the metric filter that makes a metric; there must be one."""
    name = (metric["Namespace"], metric["MetricName"])
    (found,) = (
        made
        for made in resources(variant.services, "AWS::Logs::MetricFilter").values()
        for one in made["MetricTransformations"]
        if (one["MetricNamespace"], one["MetricName"]) == name
    )
    made: dict[str, Any] = found
    return made


def patterns(variant: Variant) -> list[LogPattern]:
    """Return what is counted by the alarms that roll a deployment back."""
    names = [name for named in watched(variant).values() for name in named]
    read = [metric for name in names for metric in metrics(alarms(variant)[name])]
    assert read
    return [LogPattern(counting(variant, metric)["FilterPattern"]) for metric in read]


def log_of(code: str, *, whole_call: bool) -> list[str]:
    """Return the lines of an edge's log when the stream answers with a code, to a call or to each record."""

    def answer(entries: Sequence[Entry]) -> Sequence[Fate]:
        if whole_call:
            raise CallFailedError(code)
        return [Refused(code) for _ in entries]

    with structlog.testing.capture_logs() as lines:
        publisher = Publisher(MemoryStream(answer), seconds=0.05)
        while not lines:  # on a busy machine the time may be over before the first call
            with pytest.raises(UnavailableError):
                publish(publisher, b"{}", "key")
        publisher.close()
    assert {line["event"] for line in lines} == {"publish.failed"}
    return [json.dumps(line) for line in lines]


@pytest.mark.parametrize("name", ["defaults", "a domain", "logs"])
def test_what_rolls_a_deployment_back_is_said_by_its_own_processes_alone(
    variants: Variants, name: str
) -> None:
    """No metric of the load balancer, the firewall or the stream: strangers move those as they please."""
    variant = variants(name)
    assert sorted(len(named) for named in watched(variant).values()) == [0, 1]
    definitions = resources(variant.services, "AWS::ECS::TaskDefinition")
    for service, named in watched(variant).items():
        task = resources(variant.services, "AWS::ECS::Service")[service]["TaskDefinition"]["Ref"]
        (container,) = definitions[task]["ContainerDefinitions"]
        own = container["LogConfiguration"]["Options"]["awslogs-group"]
        for alarm in named:
            for metric in metrics(alarms(variant)[alarm]):
                assert counting(variant, metric)["LogGroupName"] == own


@pytest.mark.parametrize("whole_call", [True, False])
@pytest.mark.parametrize("code", OF_STRANGERS)
def test_nothing_that_strangers_bring_about_counts(defaults: Variant, code: str, *, whole_call: bool) -> None:
    lines = log_of(code, whole_call=whole_call)
    assert [pattern.count(lines) for pattern in patterns(defaults)] == [0]


def test_a_fault_in_our_code_does_not_count_as_a_body_may_bring_it_about(defaults: Variant) -> None:
    line = json.dumps({"event": "edge.failed", "error": "KeyError", "codes": {"AccessDeniedException": 1}})
    assert [pattern.count([line]) for pattern in patterns(defaults)] == [0]


def test_a_line_that_only_quotes_what_counts_does_not_count(defaults: Variant) -> None:
    counts = json.dumps({"event": "publish.failed", "codes": {"AccessDeniedException": 1}})
    quoted = [json.dumps({"event": counts}), f"x {counts}", json.dumps([counts]), '"publish.failed"', ""]
    assert [pattern.count(quoted) for pattern in patterns(defaults)] == [0]
    assert [pattern.count([counts]) for pattern in patterns(defaults)] == [1]


@pytest.mark.parametrize("whole_call", [True, False])
@pytest.mark.parametrize("code", OWN_FAULT)
def test_an_edge_that_may_not_publish_counts(defaults: Variant, code: str, *, whole_call: bool) -> None:
    lines = log_of(code, whole_call=whole_call)
    assert [pattern.count(lines) for pattern in patterns(defaults)] == [len(lines)]


def test_a_pattern_is_no_longer_than_cloudwatch_takes(defaults: Variant) -> None:
    """docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutMetricFilter.html says how long."""
    assert all(len(pattern.text) <= 1024 for pattern in patterns(defaults))
