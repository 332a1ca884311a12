"""Who tries to say no is heard, or is told the right spelling; who speaks of something else is left alone."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from aws_cdk import App, Stack

from infra.deployment.choices import PREFIX, Deployment
from infra.reporter.near_miss import NearMissError, refuse
from infra.reporter.opt_out import KEYS
from tests.support.reporter.template import add_reporter

if TYPE_CHECKING:
    from collections.abc import Mapping

ROOT = Path(__file__).parents[3]

NEARLY = [
    "metrics:disable_usage_statistic",
    "metrics:disable_usage_statistics",
    "metrics.disable-usage-statistic",
    "metrics-disable-usage-statistics",
    "metrics.disableUsageStatistic",
    "metricsDisableUsageStatistics",
    "MetricsDisableUsageStatistic",
    "METRICS.DISABLE_USAGE_STATISTIC",
    "METRICS_DISABLE_USAGE_STATISTICS",
    "Metrics.disable_usage_statistic",
    "metrics/disable_usage_statistic",
    "metrics disable usage statistic",
    " metrics.disable_usage_statistic",
    "metrics.disable_usage_statistic ",
    "metric.disable_usage_statistic",
    "metrics.disable_usage_statistcs",
    "metrics.disable_usage_statisics",
    "metrics.dissable_usage_statistic",
    "metrics.disabled_usage_statistics",
    "metrics.disable_usage_stats",
    "metrics.disable_usage",
    "metrics.disable_statistics",
    "metrics.disable_usage_reporting",
    "metrics.enable_usage_statistic",
    "metrics.usage_statistic.disable",
    "metrics.usage_statistics_enabled",
    "metrics.no_usage_statistics",
    "disable_usage_statistic",
    "disable-usage-statistics",
    "disableUsageStatistics",
    "acme:disableUsageStatistics",
    "usage-metrics:disable_usage_statistic",
    "m\u0435trics.disable_usage_statistic",
]

ELSEWHERE: list[dict[str, object]] = [
    {"metrics": {"disable_usage_statistic": True}},
    {"metrics": {"disable": {"usage_statistics": "true"}}},
    {"metrics": {"disableUsageStatistic": True}},
    {"metrics": "disable_usage_statistic"},
    {"metrics": "disable_usage_statistic=true"},
    {"metrics": '{"disable_usage_statistic": true}'},
    {"metrics": ["disable_usage_statistic"]},
    {"product": {"metrics.disable_usage_statistic": True}},
    {"disable": "metrics.usage_statistic"},
]

OTHERS: dict[str, object] = {
    "metrics:alarm_email": "usage@example.org",
    "metrics": {"enabled": True, "namespace": "Product"},
    "metrics.namespace": "Product/Usage",
    "metrics.enabled": False,
    "usage": {"plan": "gold"},
    "usage_metrics_enabled": False,
    "disable_metrics": True,
    "disable_rollback": True,
    "statistics_bucket": "metrics-statistics",
    "metrics.statistics_bucket": "usage-statistics",
    "analytics.usage_statistics_table": "usage_statistics",
    "availability-zones:account=123456789012:region=eu-central-1": ["eu-central-1a", "eu-central-1b"],
    "vpc-provider:account=123456789012:filter.isDefault=true:region=eu-central-1": {"vpcId": "vpc-1"},
    "numbers": [1, 2.5, None, True, {"a": [{}]}],
    "long": "disable metrics usage statistic " * 1000,
}


def check(context: Mapping[str, object], environ: Mapping[str, str] | None = None) -> None:
    refuse(App(context=dict(context)).node, environ or {})


@pytest.mark.parametrize("key", NEARLY)
def test_a_key_that_is_nearly_the_switch_is_an_error_with_the_right_one(key: str) -> None:
    with pytest.raises(NearMissError) as caught:
        check({key: True})
    assert repr(key) in str(caught.value)
    assert f'"{KEYS[0]}": true' in str(caught.value)
    assert f"-c {KEYS[0]}=true" in str(caught.value)


@pytest.mark.parametrize("context", ELSEWHERE, ids=str)
def test_a_switch_in_another_place_is_an_error(context: dict[str, object]) -> None:
    with pytest.raises(NearMissError, match=f"-c {KEYS[0]}=true"):
        check(context)


@pytest.mark.parametrize("value", [True, False, "true", "false", 1])
def test_the_value_does_not_matter(value: object) -> None:
    # `metrics.enable_usage_statistic` is a no when it is false.
    with pytest.raises(NearMissError):
        refuse(_stack_with(KEYS[0].replace(".", ":"), value).node, {})


def test_a_value_is_not_in_the_error() -> None:
    with pytest.raises(NearMissError) as caught:
        check({"metrics": "disable_usage_statistic secret"})
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize("key", OTHERS)
def test_a_key_about_something_else_is_left_alone(key: str) -> None:
    check({key: OTHERS[key]})


def test_the_keys_of_this_projects_own_stacks_are_left_alone() -> None:
    flags = json.loads((ROOT / "cdk.json").read_text(encoding="utf-8"))["context"]
    assert flags
    check(flags | {PREFIX + name: "x" for name in Deployment.model_fields})


def test_the_right_keys_are_left_alone() -> None:
    check(dict.fromkeys(KEYS, "false"))


@pytest.mark.parametrize("name", ["METRICS_DISABLE_USAGE_STATISTIC", "metrics.disable_usage_statistics"])
def test_a_variable_of_the_environment_that_is_nearly_the_switch_is_an_error(name: str) -> None:
    with pytest.raises(NearMissError, match=f"environment variable '{name}'"):
        check({}, {"PATH": "/bin", name: "1"})


@pytest.mark.parametrize("name", ["RAY_USAGE_STATS_ENABLED", "VLLM_NO_USAGE_STATS", "METRICS_STREAM"])
def test_another_programs_variable_is_left_alone(name: str) -> None:
    check({}, {name: "1"})


def test_the_construct_refuses_it_at_synth() -> None:
    with pytest.raises(NearMissError, match=KEYS[0]):
        add_reporter(_stack_with("metrics:disable_usage_statistic", "true"))


def test_who_has_switched_it_off_is_not_bothered() -> None:
    stack = _stack_with("metrics:disable_usage_statistic", "true")
    stack.node.set_context(KEYS[0], "true")
    add_reporter(stack)
    assert not [child for child in stack.node.find_all() if child.node.id == "Function"]


def _stack_with(key: str, value: object) -> Stack:
    stack = Stack(App(context={"other": 1}), "product")
    stack.node.set_context(key, value)
    return stack
