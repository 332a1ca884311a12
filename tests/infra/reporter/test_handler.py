"""What Lambda calls: a valid report for the schema, errors as lines of the log, and never an exception."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import orjson
import pytest
from botocore.exceptions import ClientError

from infra.local.ports import LOOPBACK
from infra.reporter.function.usage_reporter import handler
from infra.reporter.function.usage_reporter.day import Day
from infra.reporter.function.usage_reporter.delivery import Pace
from infra.reporter.function.usage_reporter.handler import handle, report
from schemas.report import violations
from tests.infra.reporter.misbehaving import misbehave
from tests.infra.reporter.published import ZEROS, Published
from tests.infra.reporter.server import Reply, problem

if TYPE_CHECKING:
    from mypy_boto3_cloudwatch import CloudWatchClient

    from tests.conftest import Cloud
    from tests.infra.reporter.server import Server

NONCE = "3d9c49ce-8367-43ec-8884-568c8d43faec"


@dataclass
class Context:
    """Lambda's context: the time for CloudWatch, then what is left for the delivery."""

    milliseconds: int = 900_000
    then: int = 900_000

    def get_remaining_time_in_millis(self) -> int:
        left, self.milliseconds = self.milliseconds, self.then
        return left


ONE_TRY = 15_000
"""The line's reserve, and the time of a try."""


@pytest.fixture
def server(tls_server: Server) -> Server:
    return tls_server


@pytest.fixture
def environ(cloud: Cloud, server: Server, fresh_name: str, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    found = {
        **cloud.endpoint.environment,
        "REPORT_ENDPOINT": server.url,
        "REPORT_VERSION": "1.4.2",
        "REPORT_NONCE": NONCE,
        "REPORT_NAMESPACE": fresh_name,
        "REPORT_DIMENSION_SETS": "[]",
    }
    for name, value in found.items():
        monkeypatch.setenv(name, value)
    return found


def lines(capsys: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    said = capsys.readouterr()
    assert said.err == ""
    assert NONCE not in said.out
    assert "127.0.0.1" not in said.out
    return [orjson.loads(line) for line in said.out.splitlines()]


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


@pytest.mark.parametrize(
    ("change", "hint"),
    [
        (("https://", "http://"), "must be an https:// URL; write it as https://"),
        (("/v1/metrics", ""), "must end with /v1/metrics; write it as https://"),
        (("/v1/metrics", "/v1/metrics?a=b"), "must have no query"),
        (("https://", "https://name:secret@"), "must have no user name"),
    ],
)
def test_a_wrong_endpoint_is_one_line_with_the_right_spelling_and_nothing_is_sent(
    environ: dict[str, str],
    server: Server,
    change: tuple[str, str],
    hint: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("REPORT_ENDPOINT", environ["REPORT_ENDPOINT"].replace(*change))
    assert handle({}, Context()) == {"outcome": "failed"}
    said = capsys.readouterr().out
    (line,) = [orjson.loads(one) for one in said.splitlines()]
    assert (line["event"], line["error"]) == ("report.failed", "EndpointError")
    assert hint in line["detail"]
    assert "secret" not in said
    assert server.asked == []


def test_a_slash_at_the_end_is_the_same_endpoint(
    environ: dict[str, str], server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REPORT_ENDPOINT", environ["REPORT_ENDPOINT"] + "/")
    assert handle({}, Context()) == {"outcome": "sent"}
    assert server.asked[0].path == "/v1/metrics"


def test_a_certificate_that_is_not_trusted_is_sent_nothing(
    environ: dict[str, str],
    server: Server,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert environ
    monkeypatch.delenv("SSL_CERT_FILE")
    assert handle({}, Context(then=ONE_TRY)) == {"outcome": "undelivered"}
    (line,) = lines(capsys)
    assert (line["event"], line["error"]) == ("report.undelivered", "SSLCertVerificationError")
    assert server.asked == []


def test_a_cloudwatch_that_never_answers_is_one_line_in_time(
    environ: dict[str, str],
    server: Server,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert environ
    with misbehave() as silent:
        monkeypatch.setenv("AWS_ENDPOINT_URL_CLOUDWATCH", f"http://{LOOPBACK}:{silent.port}")
        assert handle({}, Context(5_500)) == {"outcome": "failed"}
    (line,) = lines(capsys)
    assert (line["event"], line["error"]) == ("report.failed", "TimeoutError")
    assert server.asked == []


@pytest.mark.parametrize(("context", "error"), [(Context(1_000), "TimeoutError"), (None, "AttributeError")])
def test_without_time_there_is_one_line_and_nothing_is_sent(
    environ: dict[str, str],
    server: Server,
    context: Context | None,
    error: str,
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert environ
    assert handle({}, context) == {"outcome": "failed"}
    (line,) = lines(capsys)
    assert (line["event"], line["error"]) == ("report.failed", error)
    assert server.asked == []


@pytest.mark.parametrize("then", [5_500, 0])
def test_a_server_that_never_ends_is_one_line_in_time(
    environ: dict[str, str], then: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert environ
    with misbehave() as silent:
        monkeypatch.setenv("REPORT_ENDPOINT", f"https://{LOOPBACK}:{silent.port}/v1/metrics")
        assert handle({}, Context(then=then)) == {"outcome": "undelivered"}
    (line,) = lines(capsys)
    assert (line["event"], line["error"], line["tries"]) == ("report.undelivered", "TimeoutError", 1)


def test_an_answer_that_cannot_be_read_is_one_line_with_its_status(
    environ: dict[str, str], server: Server, capsys: pytest.CaptureFixture[str]
) -> None:
    assert environ
    server.replies = [Reply(400, b"[" * 8000, {"Content-Type": "application/problem+json"})]
    assert handle({}, Context()) == {"outcome": "refused"}
    (line,) = lines(capsys)
    assert (line["event"], line["status"], line["title"]) == ("report.refused", 400, None)


def test_the_servers_words_cannot_make_a_second_line_or_a_long_one(
    environ: dict[str, str], server: Server, capsys: pytest.CaptureFixture[str]
) -> None:
    assert environ
    server.replies = [problem(400, "\n\r\u2028\u202e" * 200, "\U0001f600" * 1500)]
    assert handle({}, Context()) == {"outcome": "refused"}
    said = capsys.readouterr().out
    assert len(said.splitlines()) == 1
    assert said.isascii()
    assert len(said) < 16_384
    assert orjson.loads(said)["detail"] == "\U0001f600" * 500
