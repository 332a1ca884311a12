"""What Lambda calls: a valid report for the schema, errors as lines of the log, and never an exception."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import orjson
import pytest
from botocore.exceptions import ClientError

from infra.reporter.function.usage_reporter import handler
from infra.reporter.function.usage_reporter.day import Day
from infra.reporter.function.usage_reporter.delivery import Pace
from infra.reporter.function.usage_reporter.handler import handle, report
from schemas.report import violations
from tests.support.reporter.invocation import NONCE, ONE_TRY, Context, lines
from tests.support.reporter.published import ZEROS, Published
from tests.support.reporter.server import Reply, problem

if TYPE_CHECKING:
    from mypy_boto3_cloudwatch import CloudWatchClient

    from tests.support.reporter.server import Server


@pytest.fixture
def server(tls_server: Server) -> Server:
    return tls_server


def test_the_report_is_what_the_schema_wants_with_the_days_sums(
    environ: dict[str, str], cloudwatch: CloudWatchClient, server: Server
) -> None:
    now = datetime(2026, 3, 6, 13, 7, tzinfo=UTC)
    product = Published(cloudwatch, environ["REPORT_NAMESPACE"], Day.before(now))
    product.put("tokenizeSuccess", 3, 4, service="s", function="a")
    product.put("tokenizeSuccess", 7, service="s")
    environ["REPORT_DIMENSION_SETS"] = '[["service", "function"]]'
    assert report(environ, cloudwatch, now, Pace(), lambda: 60).answer.taken
    document = orjson.loads(server.asked[0].body)
    assert violations(document) == []
    assert document == {
        "version": "1.4.2",
        "stack_id": NONCE,
        "metrics": ZEROS | {"tokenizeSuccess": 7},
    }


def test_a_deployment_that_was_not_used_reports_zeros(
    environ: dict[str, str], server: Server, capsys: pytest.CaptureFixture[str]
) -> None:
    assert environ
    assert handle({}, Context()) == {"outcome": "sent"}
    document = orjson.loads(server.asked[0].body)
    assert violations(document) == []
    assert document["metrics"] == ZEROS
    assert lines(capsys) == [{"level": "info", "event": "report.sent", "status": 202, "tries": 1}]


def test_a_refusal_is_logged_with_the_servers_words(
    environ: dict[str, str], server: Server, capsys: pytest.CaptureFixture[str]
) -> None:
    assert environ
    server.replies = [problem(413, "Content Too Large", "Send at most 64 KiB.")]
    assert handle({}, Context()) == {"outcome": "refused"}
    assert lines(capsys) == [
        {
            "level": "error",
            "event": "report.refused",
            "status": 413,
            "error": None,
            "title": "Content Too Large",
            "detail": "Send at most 64 KiB.",
            "tries": 1,
        }
    ]


@pytest.mark.parametrize(
    ("reply", "status", "error"), [(Reply(503), 503, None), (Reply(None), None, "RemoteDisconnected")]
)
def test_an_outage_longer_than_the_function_lives_is_logged_in_time(  # noqa: PLR0913, PLR0917 - fixtures
    environ: dict[str, str],
    server: Server,
    reply: Reply,
    status: int | None,
    error: str | None,
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert environ
    server.replies = [reply]
    assert handle({}, Context(then=ONE_TRY)) == {"outcome": "undelivered"}
    (line,) = lines(capsys)
    assert line["level"] == "error"
    assert line["event"] == "report.undelivered"
    assert (line["status"], line["error"]) == (status, error)


def test_cloudwatchs_refusal_is_a_line_with_its_code_alone(
    environ: dict[str, str],
    server: Server,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    def denied(*_: object) -> None:
        text = "User: arn:aws:sts::123456789012:… is not authorized"
        raise ClientError({"Error": {"Code": "AccessDenied", "Message": text}}, "ListMetrics")

    assert environ
    monkeypatch.setattr(handler, "count", denied)
    assert handle({}, Context()) == {"outcome": "failed"}
    (line,) = lines(capsys)
    assert (line["level"], line["event"], line["error"]) == ("error", "report.failed", "AccessDenied")
    assert server.asked == []


@pytest.mark.parametrize(
    ("name", "value", "error"),
    [
        ("REPORT_ENDPOINT", "file:///etc/passwd", "EndpointError"),
        ("REPORT_ENDPOINT", "", "EndpointError"),
        ("REPORT_ENDPOINT", None, "KeyError"),
        ("REPORT_DIMENSION_SETS", "[", "JSONDecodeError"),
        ("REPORT_NONCE", None, "KeyError"),
    ],
)
def test_settings_that_cannot_be_used_are_a_line_of_the_log(  # noqa: PLR0913, PLR0917 - fixtures
    environ: dict[str, str],
    name: str,
    value: str | None,
    error: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert environ
    monkeypatch.delenv(name)
    if value is not None:
        monkeypatch.setenv(name, value)
    assert handle({}, Context()) == {"outcome": "failed"}
    (line,) = lines(capsys)
    assert (line["level"], line["event"], line["error"]) == ("error", "report.failed", error)
