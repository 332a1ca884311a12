"""The construct in somebody else's CDK app."""

from __future__ import annotations

import subprocess
import sysconfig
from pathlib import Path

import pytest
from aws_cdk import App, Stack, Validations
from cdk_nag import AwsSolutionsChecks

from infra.reporter.opt_out import KEYS
from tests.support.reporter.template import Template, add_reporter, foreign_app, synthesize

REPORT, NONCE = "usage_reporter.handler.handle", "usage_reporter.nonce.handle"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("assembly")


@pytest.fixture(scope="module")
def template(folder: Path) -> Template:
    return synthesize(foreign_app(folder))


def test_both_functions_run_on_arm_with_the_folder_as_their_code(template: Template, folder: Path) -> None:
    report, nonce = template.function(REPORT), template.function(NONCE)
    for function in (report, nonce):
        assert function["Runtime"] == "python3.13"
        assert function["Architectures"] == ["arm64"]
        assert "ReservedConcurrentExecutions" not in function
        assert "VpcConfig" not in function
        assert "Layers" not in function
    assert report["Timeout"] == 900
    assert report["Code"] == nonce["Code"]
    (asset,) = folder.glob("asset.*")
    assert {path.name for path in asset.iterdir()} == {"usage_reporter"}
    assert {path.suffix for path in asset.rglob("*") if path.is_file()} == {".py"}


def test_the_schedule_is_the_nonces_minute(template: Template) -> None:
    (nonce,) = template.of_type("Custom::UsageReporterNonce")
    rule = template.one("AWS::Events::Rule")["Properties"]
    assert rule["ScheduleExpression"] == {"Fn::GetAtt": [nonce, "ScheduleExpression"]}
    assert rule["State"] == "ENABLED"
    variables = template.function(REPORT)["Environment"]["Variables"]
    assert variables == {
        "REPORT_ENDPOINT": "https://metrics.example.org/v1/metrics",
        "REPORT_VERSION": "1.4.2",
        "REPORT_NONCE": {"Fn::GetAtt": [nonce, "Nonce"]},
        "REPORT_NAMESPACE": "Product",
        "REPORT_DIMENSION_SETS": "[]",
    }


def test_cloudformation_waits_ten_minutes_for_a_nonce_and_not_an_hour(template: Template) -> None:
    assert template.one("Custom::UsageReporterNonce")["Properties"]["ServiceTimeout"] == "600"


def test_the_roles_allow_two_calls_of_cloudwatch_and_their_log(template: Template) -> None:
    (logs,) = template.of_type("AWS::Logs::LogGroup")
    own_log = {
        "Action": ["logs:CreateLogStream", "logs:PutLogEvents"],
        "Effect": "Allow",
        "Resource": {"Fn::GetAtt": [logs, "Arn"]},
    }
    sums = {
        "Action": ["cloudwatch:GetMetricData", "cloudwatch:ListMetrics"],
        "Effect": "Allow",
        "Resource": "*",
    }
    assert template.statements(NONCE) == [own_log]
    assert template.statements(REPORT) == [own_log, sums]


def test_a_report_is_not_sent_again_by_lambda_but_a_nonces_answer_is(template: Template) -> None:
    by_function = {
        template.resources[one["Properties"]["FunctionName"]["Ref"]]["Properties"]["Handler"]: (
            one["Properties"]["MaximumRetryAttempts"],
            one["Properties"]["MaximumEventAgeInSeconds"],
        )
        for one in template.of_type("AWS::Lambda::EventInvokeConfig").values()
    }
    assert by_function == {REPORT: (0, 120), NONCE: (2, 600)}
    (target,) = template.one("AWS::Events::Rule")["Properties"]["Targets"]
    assert target["RetryPolicy"]["MaximumEventAgeInSeconds"] == 120


def test_the_log_is_kept_for_a_month_and_goes_with_the_stack(template: Template) -> None:
    (name,) = template.of_type("AWS::Logs::LogGroup")
    logs = template.resources[name]
    assert logs["Properties"]["RetentionInDays"] == 30
    assert logs["DeletionPolicy"] == "Delete"
    for handler in (REPORT, NONCE):
        assert template.function(handler)["LoggingConfig"] == {"LogGroup": {"Ref": name}}


def test_there_is_nothing_else(template: Template) -> None:
    assert sorted(one["Type"] for one in template.resources.values()) == [
        "AWS::Events::Rule",
        "AWS::IAM::Role",
        "AWS::IAM::Role",
        "AWS::Lambda::EventInvokeConfig",
        "AWS::Lambda::EventInvokeConfig",
        "AWS::Lambda::Function",
        "AWS::Lambda::Function",
        "AWS::Lambda::Permission",
        "AWS::Logs::LogGroup",
        "Custom::UsageReporterNonce",
    ]


def test_no_change_of_the_properties_touches_the_nonce(template: Template, tmp_path: Path) -> None:
    app = App(outdir=str(tmp_path))
    add_reporter(
        Stack(app, "product"),
        endpoint="https://other.example.org/v1/metrics",
        version="2.0.0-rc.1",
        namespace="Other",
        dimension_sets=[["service", "function"]],
    )
    changed = synthesize(app)
    for kind in ("Custom::UsageReporterNonce", "AWS::Lambda::EventInvokeConfig"):
        assert changed.of_type(kind) == template.of_type(kind)
    assert changed.resources.keys() == template.resources.keys()
    assert changed.function(REPORT)["Environment"]["Variables"]["REPORT_DIMENSION_SETS"] == (
        '[["service", "function"]]'
    )


def test_the_nonces_logical_ids_are_those_of_deployments_that_run(template: Template) -> None:
    # CloudFormation refuses another service token, and another id would be another nonce.
    assert set(template.of_type("Custom::UsageReporterNonce")) == {"UsageNonce3F939B64"}
    assert "UsageNonceFunctionE0B13BA6" in template.resources


@pytest.mark.parametrize("key", KEYS)
@pytest.mark.parametrize("value", [True, "true", "TRUE"])
def test_switched_off_nothing_is_deployed(key: str, value: object, tmp_path: Path) -> None:
    assert synthesize(foreign_app(tmp_path, context={key: value})).resources == {}


def test_switched_off_for_one_stack_the_other_reports(tmp_path: Path) -> None:
    app = App(outdir=str(tmp_path))
    off, on = Stack(app, "off"), Stack(app, "on")
    off.node.set_context(KEYS[0], "true")
    add_reporter(off)
    add_reporter(on)
    assert synthesize(app, "off").resources == {}
    assert len(synthesize(app, "on").resources) == 10


def test_two_stacks_have_a_nonce_each(tmp_path: Path) -> None:
    app = foreign_app(tmp_path, "blue", "green")
    templates = [synthesize(app, name) for name in ("blue", "green")]
    for template in templates:
        (nonce,) = template.of_type("Custom::UsageReporterNonce")
        variables = template.function(REPORT)["Environment"]["Variables"]
        assert variables["REPORT_NONCE"] == {"Fn::GetAtt": [nonce, "Nonce"]}
    assert len(list(tmp_path.glob("asset.*"))) == 1


@pytest.mark.parametrize("endpoint", ["http://metrics.example.org/v1/metrics", "metrics.example.org", ""])
def test_a_report_goes_over_tls_or_not_at_all(endpoint: str) -> None:
    with pytest.raises(ValueError, match="https://"):
        add_reporter(Stack(App(), "product"), endpoint=endpoint)


def test_cdk_nag_has_nothing_to_say(tmp_path: Path) -> None:
    app = foreign_app(tmp_path)
    Validations.of(app).add_plugins(AwsSolutionsChecks(app))
    synthesize(app)


def test_cfn_lint_has_nothing_to_say(template: Template, folder: Path) -> None:
    assert template.resources
    # W3005: the CDK writes a DependsOn beside each function's role.
    command = [str(Path(sysconfig.get_path("scripts")) / "cfn-lint"), "--ignore-checks", "W3005", "--"]
    ended = subprocess.run(
        [*command, str(folder / "product.template.json")],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert (ended.returncode, ended.stdout) == (0, "")
