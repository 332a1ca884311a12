"""Every route and status of the application."""

import json
import threading
from dataclasses import asdict
from io import BytesIO

import pytest
from hypothesis import given
from hypothesis import strategies as st
from werkzeug.test import EnvironBuilder

from ingest_api import report
from ingest_api.disclosure import PAGE
from ingest_api.pending import Pending
from ingest_api.stream import MemoryStream
from schemas.report import COUNTERS, LONGEST_BYTES, SCHEMA, decode, violations
from tests.support.edge.parts import GOOD, MARK, Broken, Parts, assert_problem, down


def test_a_report_is_202_with_the_id_of_its_record(parts: Parts) -> None:
    result = parts.post(GOOD)
    assert result.status == 202
    assert result.document == {"record_id": "shardId-000000000000:1000"}
    assert parts.stream.calls == [[GOOD]]


@pytest.mark.parametrize(
    "content_type",
    [
        None,
        "application/json",
        "text/json",
        "application/x.y+json",
        "Application/JSON; charset=latin-1",
        "application/json;",
    ],
)
def test_json_by_any_name_is_taken(parts: Parts, content_type: str | None) -> None:
    headers = {} if content_type is None else {"Content-Type": content_type}
    assert parts.client.ask("POST", "/v1/metrics", b"{}", headers).status == 202


@pytest.mark.parametrize(
    "content_type",
    [
        "text/plain",
        "application/jsonp",
        "application/x-www-form-urlencoded",
        "application/+json",
        "json",
        "a/application/json",
    ],
)
def test_another_content_type_is_415(parts: Parts, content_type: str) -> None:
    assert_problem(parts.post(GOOD, Content_Type=content_type), 415)


@pytest.mark.parametrize(
    "data", [b"", MARK, b"[]", b'"undisclosed"', b"1", b"null", b"\xff{}", b'{"a":NaN}', b"{} {}"]
)
@pytest.mark.parametrize("path", ["/v1/metrics", "/v1/metrics/check"])
def test_what_is_not_one_json_object_is_400(parts: Parts, data: bytes, path: str) -> None:
    assert_problem(parts.post(data, path), 400)
    assert not parts.stream.calls


@pytest.mark.parametrize("length", ["-1", "+2", "x", "2.0", "٢", "1_0", "3"])
def test_a_content_length_that_is_wrong_is_400(parts: Parts, length: str) -> None:
    assert_problem(parts.call(BytesIO(b"{}"), CONTENT_LENGTH=length), 400)


def test_8192_bytes_are_taken_and_one_more_is_413(parts: Parts) -> None:
    most = b'{"a":"' + b"x" * (LONGEST_BYTES - 8) + b'"}'
    assert len(most) == 8_192
    assert parts.post(most).status == 202
    assert_problem(parts.post(most + b" "), 413)
    assert_problem(parts.call(BytesIO(), CONTENT_LENGTH="9" * 5000), 413)


def test_no_more_than_one_byte_too_many_is_read_of_a_chunked_body(parts: Parts) -> None:
    stream = Counting()
    assert_problem(parts.call(stream, HTTP_TRANSFER_ENCODING="chunked"), 413)
    assert stream.asked == [8_193]


class Counting:
    """An endless body that notes how much of it was asked for."""

    def __init__(self) -> None:
        self.asked: list[int] = []

    def read(self, size: int) -> bytes:
        self.asked.append(size)
        return b"x" * size


def test_a_stream_that_takes_nothing_is_503_with_retry_after() -> None:
    parts = Parts(MemoryStream(down))
    result = parts.post(GOOD)
    assert_problem(result, 503)
    assert int(result.headers["retry-after"]) >= 1
    parts.publisher.close()


def test_an_unexpected_error_is_500_and_logged_without_its_text(
    parts: Parts, capsys: pytest.CaptureFixture[str]
) -> None:
    assert_problem(parts.call(Broken(), CONTENT_LENGTH="2"), 500)
    logged = capsys.readouterr()
    assert "RuntimeError" in logged.out
    assert MARK.decode() not in logged.out + logged.err


@pytest.mark.parametrize(
    ("path", "method", "allowed"),
    [
        ("/v1/metrics", "GET", {"POST"}),
        ("/v1/schema", "POST", {"GET", "HEAD"}),
    ],
)
def test_another_method_is_405_and_told_which(
    parts: Parts, path: str, method: str, allowed: set[str]
) -> None:
    result = parts.client.ask(method, path)
    assert_problem(result, 405)
    assert set(result.headers["allow"].split(", ")) == allowed


def test_another_path_is_404(parts: Parts) -> None:
    assert_problem(parts.get("/undisclosed"), 404)


@pytest.mark.parametrize(("document", "valid"), [(GOOD, True), (b'{"version": 1, "undisclosed": 2}', False)])
def test_a_dry_run_says_what_the_schema_says_and_stores_nothing(
    parts: Parts,
    document: bytes,
    valid: bool,  # noqa: FBT001 - an expected value
) -> None:
    result = parts.post(document, "/v1/metrics/check")
    assert result.status == 200
    found = [asdict(violation) for violation in violations(decode(document))]
    assert result.document == {"valid": valid, "errors": found}
    assert MARK not in result.content
    assert not parts.stream.calls


@pytest.mark.parametrize("version", ["2024.01.1", "v1.4.2", "1.4", "latest", "1.4.2\n"])
def test_a_mistyped_version_is_named_by_the_dry_run_and_taken_by_the_edge(parts: Parts, version: str) -> None:
    body = json.dumps(json.loads(GOOD) | {"version": version}).encode()
    assert parts.post(body, "/v1/metrics/check").document == {
        "valid": False,
        "errors": [
            {
                "path": "$.version",
                "rule": "pattern",
                "detail": "pattern: must be a semantic version (semver.org) of at most 64 characters, "
                "such as 1.4.2",
            }
        ],
    }
    assert parts.post(body).status == 202


def test_the_schema_is_the_workers(parts: Parts) -> None:
    result = parts.get("/v1/schema")
    assert result.headers["content-type"] == "application/schema+json"
    assert result.document == SCHEMA


@pytest.mark.parametrize(
    ("status", "code"), [("ACTIVE", 200), ("UPDATING", 200), ("CREATING", 503), ("DELETING", 503)]
)
def test_ready_is_what_the_stream_is(status: str, code: int) -> None:
    parts = Parts(MemoryStream(state=status))
    assert parts.get("/readyz").status == code
    assert parts.get("/healthz").status == 200
    parts.publisher.close()


@pytest.mark.parametrize("path", ["/", "/healthz", "/readyz", "/v1/schema", "/openapi.json"])
def test_head_answers_the_headers_of_get(parts: Parts, path: str) -> None:
    get, head = parts.get(path), parts.client.ask("HEAD", path)
    assert not head.content
    assert head.headers == get.headers


def test_the_page_names_every_field_and_loads_nothing(parts: Parts) -> None:
    result = parts.get("/")
    page = result.content.decode()
    for name in ["version", "stack_id", *(f"metrics.{counter}" for counter in COUNTERS)]:
        assert f"<code>{name}</code>" in page
    assert "metrics.disable_usage_statistic=true" in page
    for loading in ("<script", "<link", "<img", "src=", "url(", "@import", "http://", "https://"):
        assert loading not in page
    assert "default-src 'none'" in result.headers["content-security-policy"]
    assert result.content == PAGE


@given(st.dictionaries(st.sampled_from(["stack_id", "x"]), st.text() | st.integers()))
def test_a_partition_key_is_a_nonce_or_a_digest(document: dict[str, object]) -> None:
    key = report.partition_key(json.dumps(document).encode())
    assert len(key) == 32
    assert set(key) <= set("0123456789abcdef")
    nonce = "3D9c49ce-8367-43EC-8884-568c8d43faec"
    assert report.partition_key(json.dumps(document | {"stack_id": nonce}).encode()) == nonce.lower()


@pytest.mark.parametrize("path", ["/v1/metrics/", "/v1/metrics/check/", "/healthz/"])
def test_a_slash_at_the_end_is_the_same_route(parts: Parts, path: str) -> None:
    method = "GET" if "health" in path else "POST"
    with_slash, without = (parts.client.ask(method, one, GOOD) for one in (path, path.removesuffix("/")))
    assert with_slash.status == without.status
    assert with_slash.status // 100 == 2
    assert_problem(parts.client.ask(method, path + "/"), 404)


def test_a_server_that_knows_of_pending_answers_need_not_wait(parts: Parts) -> None:
    started: list[str] = []
    woken = threading.Event()
    environ = EnvironBuilder("/v1/metrics", method="POST", data=GOOD).get_environ()
    pending = parts.edge(environ, lambda status, _headers, _error=None: started.append(status))  # type: ignore[arg-type] # of start_response the status counts here
    assert isinstance(pending, Pending)
    assert not started
    pending.subscribe(woken.set)
    assert woken.wait(60)
    assert pending.finish() == [b'{"record_id":"shardId-000000000000:1000"}']
    assert started == ["202 Accepted"]
