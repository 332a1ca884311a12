"""Each alarm goes by a metric that somebody sends, and to a page that tells what to do."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

import pytest

from stream_worker.process import emf
from tests.support.synthesis import ROOT, resources

if TYPE_CHECKING:
    from tests.infra.deployment.conftest import Variants
    from tests.support.deployment.variant import Variant

NAMES = {
    "iterator-age", "oldest-uncommitted-age", "rejects-malformed", "rejects-invalid", "rejects-fraud",
    "rejects-duplicate", "edge-5xx", "write-throttled", "seal-late", "audit-failed", "no-reports",
    "edge-cannot-publish",
    "shard-gap",
}  # fmt: skip
SAYS_NOTHING = {"no-reports", "seal-late", "audit-failed", "iterator-age", "oldest-uncommitted-age"}
"""Alarms for which silence is what they are for."""

RUNBOOK = ROOT / "infra" / "runbook.md"


def alarms(variant: Variant) -> dict[str, dict[str, Any]]:
    """Return the alarms that an operator hears of, by name."""
    found = resources(variant.services, "AWS::CloudWatch::Alarm").values()
    return {alarm["AlarmName"]: alarm for alarm in found if "AlarmName" in alarm}


def metrics(alarm: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the metrics that an alarm reads."""
    if "MetricName" in alarm:
        return [alarm | {"seconds": alarm["Period"]}]
    stats = [one["MetricStat"] for one in alarm["Metrics"] if "MetricStat" in one]
    return [one["Metric"] | {"seconds": one["Period"]} for one in stats]


def test_there_is_one_for_each_name(defaults: Variant) -> None:
    assert alarms(defaults).keys() == {f"metrics-worker-{name}" for name in NAMES}


@pytest.mark.parametrize("name", sorted(NAMES))
def test_an_alarm_names_its_section_and_tells_when_it_begins_and_ends(defaults: Variant, name: str) -> None:
    alarm = alarms(defaults)[f"metrics-worker-{name}"]
    assert alarm["AlarmDescription"].endswith(f"What to do: infra/runbook.md#{name}")
    topic = defaults.one("AWS::SNS::TopicPolicy")["Topics"]
    assert alarm["AlarmActions"] == alarm["OKActions"] == topic


@pytest.mark.parametrize("name", sorted(NAMES))
def test_an_alarm_has_its_section_in_the_runbook(name: str) -> None:
    assert re.search(rf"^## {name}$", RUNBOOK.read_text("utf-8"), re.MULTILINE)


def test_silence_is_wrong_where_something_is_to_be_said(defaults: Variant) -> None:
    for name in NAMES:
        missing = alarms(defaults)[f"metrics-worker-{name}"]["TreatMissingData"]
        assert missing == ("breaching" if name in SAYS_NOTHING else "notBreaching"), name


def test_our_own_metrics_are_metrics_that_the_log_has(defaults: Variant) -> None:
    sent = {name for units in emf.METRICS.values() for name in units}
    asked = set()
    for alarm in resources(defaults.services, "AWS::CloudWatch::Alarm").values():
        for metric in metrics(alarm):
            if metric["Namespace"] == emf.NAMESPACE:
                asked.add(metric["MetricName"])
                assert [one["Name"] for one in metric["Dimensions"]] == [emf.DIMENSION]
    assert (
        {"records", "oldest_uncommitted_seconds", "gaps", "unsealed_days", "audit_problems"} <= asked <= sent
    )


def test_what_the_days_commands_say_is_looked_for_under_their_name(defaults: Variant) -> None:
    for name in ("seal-late", "audit-failed"):
        (metric,) = metrics(alarms(defaults)[f"metrics-worker-{name}"])
        assert metric["Dimensions"] == [{"Name": "application", "Value": "metrics-worker-days"}]


def test_no_alarm_looks_further_back_than_cloudwatch_does(defaults: Variant) -> None:
    for name, alarm in alarms(defaults).items():
        (seconds,) = {metric["seconds"] for metric in metrics(alarm)}
        looked_at = seconds * alarm["EvaluationPeriods"]
        assert looked_at <= (7 * 86_400 if seconds >= 3600 else 86_400), name


def test_cloudwatch_may_send_alarms_of_this_account_and_nobody_without_tls(defaults: Variant) -> None:
    denied, allowed = defaults.one("AWS::SNS::TopicPolicy")["PolicyDocument"]["Statement"]
    assert (denied["Effect"], denied["Condition"]) == ("Deny", {"Bool": {"aws:SecureTransport": "false"}})
    assert allowed["Principal"] == {"Service": "cloudwatch.amazonaws.com"}
    assert allowed["Condition"] == {"StringEquals": {"aws:SourceAccount": {"Ref": "AWS::AccountId"}}}
    assert "KmsMasterKeyId" in defaults.one("AWS::SNS::Topic")


def test_who_is_to_hear_of_alarms_is_asked_to_confirm_it(variants: Variants) -> None:
    asked = variants("a certificate").one("AWS::SNS::Subscription")
    assert (asked["Protocol"], asked["Endpoint"]) == ("email", "operator@example.org")


def test_another_application_has_alarms_of_its_own(variants: Variants) -> None:
    found = alarms(variants("logs"))
    assert found.keys() == {f"other-{name}" for name in NAMES}
    assert found["other-edge-cannot-publish"]["Namespace"] == "UsageMetrics/other"


def test_the_dashboard_shows_each_outcome_and_all_alarms(defaults: Variant) -> None:
    body = json.dumps(defaults.one("AWS::CloudWatch::Dashboard")["DashboardBody"])
    for outcome in ("accepted", "malformed", "invalid", "fraud", "duplicate"):
        assert f'\\"{outcome}\\"' in body or f'\\\\\\"{outcome}\\\\\\"' in body
    ids = resources(defaults.services, "AWS::CloudWatch::Alarm")
    (edge,) = (
        name for name in resources(defaults.services, "AWS::Logs::LogGroup") if name.startswith("Edge")
    )
    assert f'{{"Ref": "{edge}"}}' in body, "the edge's warnings"
    assert all(f'["{name}", "Arn"]' in body for name, alarm in ids.items() if "AlarmName" in alarm)
