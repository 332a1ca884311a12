"""Which endpoints the construct takes: what is plainly wrong is an error that has the right spelling."""

from __future__ import annotations

from typing import TYPE_CHECKING

import jsii
import pytest
from aws_cdk import App, CfnParameter, Fn, IStableStringProducer, Lazy, Stack

from infra.reporter.endpoint import check_known, flatten
from infra.reporter.function.usage_reporter.endpoint import EndpointError, check
from tests.support.reporter.template import add_reporter, synthesize

if TYPE_CHECKING:
    from pathlib import Path

RIGHT = "https://metrics.example.org/v1/metrics"


@pytest.mark.parametrize(
    "endpoint",
    [
        RIGHT,
        "https://metrics.example.org:8443/v1/metrics",
        "https://example.org/usage/v1/metrics",
        "https://[2001:db8::1]/v1/metrics",
        "HTTPS://Metrics.Example.org/v1/metrics",
    ],
)
def test_an_endpoint_is_called_as_it_is_but_for_a_slash_at_its_end(endpoint: str) -> None:
    assert check(endpoint) == endpoint
    assert check(endpoint + "/") == endpoint


@pytest.mark.parametrize(
    ("endpoint", "right"),
    [
        ("http://metrics.example.org/v1/metrics", RIGHT),
        ("metrics.example.org", RIGHT),
        ("https://metrics.example.org", RIGHT),
        ("https://metrics.example.org/", RIGHT),
        ("https://metrics.example.org/v1", RIGHT),
        ("https://metrics.example.org/v1/metric", RIGHT),
        ("https://metrics.example.org/metrics", RIGHT),
        ("https://metrics.example.org/v1/metrics/check", RIGHT),
        ("https://metrics.example.org/v1/metrics//", RIGHT),
        ("https://metrics.example.org//v1/metrics", RIGHT),
        ("https://metrics.example.org/V1/Metrics", "https://metrics.example.org/V1/Metrics/v1/metrics"),
        ("https://metrics.example.org/v1/metrics?x=1", RIGHT),
        ("https://metrics.example.org/v1/metrics?", RIGHT),
        ("https://metrics.example.org/v1/metrics#", RIGHT),
        ("https://metrics.example.org/v1/metrics ", RIGHT),
        ("https://metrics.example.org/v1/metrics\n", RIGHT),
        ("https://me:secret@metrics.example.org/v1/metrics", RIGHT),
        ("https://secret@metrics.example.org", RIGHT),
        ("https://metrics.example.org/../v1/metrics", RIGHT),
        ("https://metrics.example.org/usage", "https://metrics.example.org/usage/v1/metrics"),
        ("https://metrics.example.org/usage/v1/", "https://metrics.example.org/usage/v1/metrics"),
        ("ftp://metrics.example.org/v1/metrics", RIGHT),
        ("", "https://HOST/v1/metrics"),
        ("https://", "https://HOST/v1/metrics"),
        ("https:///v1/metrics", "https://HOST/v1/metrics"),
        ("https://[/v1/metrics", "https://HOST/v1/metrics"),
        ("https://metrics.example.org:0/v1/metrics", "/v1/metrics"),
        ("https://metrics.example.org:99999/v1/metrics", "/v1/metrics"),
        ("https://m\u00e9trics.example.org/v1/metrics", "https://HOST/v1/metrics"),
        (f"https://metrics.example.org/{'x' * 3000}/v1/metrics", RIGHT),
    ],
)
def test_a_wrong_endpoint_is_an_error_that_has_the_right_spelling(endpoint: str, right: str) -> None:
    with pytest.raises(EndpointError) as caught:
        add_reporter(Stack(App(), "product"), endpoint=endpoint)
    assert str(caught.value).endswith(right)
    assert "secret" not in str(caught.value)
    assert len(str(caught.value)) < 300


@jsii.implements(IStableStringProducer)
class _Late:
    """What a lazy value turns out to be."""

    def __init__(self, value: str) -> None:
        self._value = value

    def produce(self) -> str:
        return self._value


JOIN = {"Fn::Join": ["", ["https://", {"Ref": "Host"}, "/v1/metrics"]]}


@pytest.mark.parametrize(
    "resolved",
    [
        RIGHT,
        JOIN,
        {"Ref": "Endpoint"},
        {"Fn::ImportValue": "endpoint"},
        {"Fn::Sub": "https://${Host}/v1/metrics/"},
        {"Fn::Sub": ["https://${Host}${Path}", {"Host": "a", "Path": "b"}]},
        {"Fn::Join": ["/", ["https:/", {"Ref": "Host"}, "v1", "metrics"]]},
        {"Fn::Join": ["", ["htt", {"Ref": "Rest"}, "ics"]]},
        "{{resolve:ssm:/usage/endpoint}}",
        "https://{{resolve:ssm:/usage/host}}/v1/metrics",
    ],
)
def test_what_only_the_deployment_knows_may_be_right(resolved: object) -> None:
    check_known(flatten(resolved))


@pytest.mark.parametrize(
    ("resolved", "error"),
    [
        ("http://metrics.example.org/v1/metrics", "https://"),
        ({"Fn::Join": ["", ["http://", {"Ref": "Host"}, "/v1/metrics"]]}, "https://"),
        ({"Fn::Sub": "http://${Host}/v1/metrics"}, "https://"),
        ({"Fn::Sub": ["http://${Host}/v1/metrics", {"Host": "a"}]}, "https://"),
        ("http://{{resolve:ssm:/usage/host}}/v1/metrics", "https://"),
        ({"Fn::Join": ["", [{"Ref": "Endpoint"}, "/v1/metrics/check"]]}, "/v1/metrics"),
        ({"Fn::Join": ["", ["https://", {"Ref": "Host"}, "/v1/"]]}, "/v1/metrics"),
        ({"Fn::Join": ["", ["https://a:b@", {"Ref": "Host"}, "/v1/metrics"]]}, "user name"),
        ({"Fn::Join": ["", ["https://h/?", {"Ref": "Query"}, "/v1/metrics"]]}, "query"),
        ({"Fn::Sub": "https://metrics.example.org/"}, "/v1/metrics"),
    ],
)
def test_what_is_known_of_a_token_must_be_right(resolved: object, error: str) -> None:
    with pytest.raises(ValueError, match=error):
        check_known(flatten(resolved))


def test_synth_refuses_http_before_a_token_and_in_one(tmp_path: Path) -> None:
    app = App(outdir=str(tmp_path))
    stack = Stack(app, "product")
    host = CfnParameter(stack, "Host").value_as_string
    add_reporter(stack, endpoint=f"http://{host}/v1/metrics")
    with pytest.raises(RuntimeError, match=r"(?s)product/Usage.*must be an https:// URL"):
        app.synth()


def test_synth_refuses_a_lazy_value_by_what_it_turns_out_to_be(tmp_path: Path) -> None:
    app = App(outdir=str(tmp_path))
    add_reporter(Stack(app, "product"), endpoint=Lazy.string(_Late("https://metrics.example.org")))
    with pytest.raises(RuntimeError, match=f"write it as {RIGHT}"):
        app.synth()


def test_an_endpoint_with_a_token_is_deployed(tmp_path: Path) -> None:
    app = App(outdir=str(tmp_path))
    stack = Stack(app, "product")
    add_reporter(stack, endpoint=f"https://{Fn.import_value('host')}/v1/metrics")
    variables = synthesize(app).function("usage_reporter.handler.handle")["Environment"]["Variables"]
    assert variables["REPORT_ENDPOINT"] == {
        "Fn::Join": ["", ["https://", {"Fn::ImportValue": "host"}, "/v1/metrics"]]
    }
