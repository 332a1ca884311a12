"""Whatever becomes of a run, the log has exactly one line of outcome, in time."""

from __future__ import annotations

from typing import TYPE_CHECKING

import orjson
import pytest

from infra.local.ports import LOOPBACK
from infra.reporter.function.usage_reporter.handler import handle
from tests.support.reporter.invocation import ONE_TRY, Context, lines
from tests.support.reporter.misbehaving import misbehave
from tests.support.reporter.server import Reply, problem

if TYPE_CHECKING:
    from tests.support.reporter.server import Server


@pytest.fixture
def server(tls_server: Server) -> Server:
    return tls_server


@pytest.mark.parametrize(
    ("change", "hint"),
    [
        (("https://", "http://"), "must be an https:// URL; write it as https://"),
        (("/v1/metrics", ""), "must end with /v1/metrics; write it as https://"),
        (("/v1/metrics", "/v1/metrics?a=b"), "must have no query"),
        (("https://", "https://name:secret@"), "must have no user name"),
    ],
)
def test_a_wrong_endpoint_is_one_line_with_the_right_spelling_and_nothing_is_sent(  # noqa: PLR0913, PLR0917 - fixtures
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
