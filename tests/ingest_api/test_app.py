"""Every route and status of the application, and that the OpenAPI document has the same."""

import json
import threading
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from io import BytesIO
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from werkzeug.test import EnvironBuilder

from ingest_api import app, openapi, report
from ingest_api.disclosure import PAGE
from ingest_api.drain import Drain
from ingest_api.pending import Pending
from ingest_api.publisher import Publisher
from ingest_api.readiness import Readiness
from ingest_api.stream import CallFailedError, MemoryStream
from schemas.report import COUNTERS, LONGEST_BYTES, SCHEMA, decode, violations
from tests.ingest_api.client import Client, Result

GOOD = b'{"version":"0.0.1","stack_id":"3D9c49ce-8367-43ec-8884-568c8d43faec","metrics":{%s}}' % b",".join(
    b'"%s":1' % name.encode() for name in COUNTERS
)
MARK = b"undisclosed"

FRAMING = {"408", "431"}
"""What the server answers by itself: `tests/ingest_api/test_framing.py` provokes it."""


@dataclass
class Parts:
    """An application with its stream, and what is to be told apart."""

    stream: MemoryStream = field(default_factory=MemoryStream)
    drain: Drain = field(default_factory=Drain)

    def __post_init__(self) -> None:
        self.publisher = Publisher(self.stream, seconds=0.2)
        self.edge = app.create(self.publisher, Readiness(self.stream, self.publisher), self.drain)
        self.client = Client(self.edge)

    def get(self, path: str) -> Result:
        return self.client.ask("GET", path)

    def post(self, data: bytes, path: str = "/v1/metrics", **headers: str) -> Result:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return self.client.ask("POST", path, data, named)

    def call(self, stream: object, path: str = "/v1/metrics", **environ: str) -> Result:
        return self.client.call(stream, path, environ)


@pytest.fixture
def parts() -> Iterator[Parts]:
    made = Parts()
    yield made
    made.publisher.close()


def assert_problem(result: Result, status: int) -> None:
    assert result.status == status
    assert result.headers["content-type"] == "application/problem+json"
    assert set(result.document) == {"type", "title", "status", "detail"}
    assert result.document["type"] == "about:blank"
    assert result.document["status"] == status
    assert len(result.document["detail"]) > 10
    assert MARK not in result.content


def down(_entries: object) -> Any:  # noqa: ANN401 - it never returns
    raise CallFailedError("Down")


def broken(_entries: object) -> Any:  # noqa: ANN401 - the same
    raise AssertionError(MARK.decode())


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


class Broken:
    """A body that cannot be read."""

    def read(self, _size: int) -> bytes:
        raise RuntimeError(MARK.decode())


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


def test_the_openapi_document_names_every_route_and_method(parts: Parts) -> None:
    routes = {(path, method.lower()) for path, methods in parts.edge.routes.items() for method in methods}
    assert routes == {(path, method) for path, item in openapi.DOCUMENT["paths"].items() for method in item}
    assert parts.get("/openapi.json").document == openapi.DOCUMENT


def test_the_openapi_document_names_every_status_and_no_other(parts: Parts) -> None:
    seen: dict[tuple[str, str], set[str]] = {}

    def note(result: Result, path: str, method: str) -> None:
        seen.setdefault((path, method), set()).add(str(result.status))
        declared = openapi.DOCUMENT["paths"][path][method]["responses"][str(result.status)]
        if "content" in declared:
            assert result.headers["content-type"].split(";")[0] in declared["content"]

    poor = Parts(MemoryStream(down, state="CREATING"))
    for path in ("/v1/metrics", "/v1/metrics/check"):
        for data, headers in [
            (GOOD, {}),
            (b"[]", {}),
            (b" " * 8_193, {}),
            (GOOD, {"Content-Type": "text/plain"}),
            (GOOD, {"Origin": "https://elsewhere.example"}),
        ]:
            note(parts.client.ask("POST", path, data, headers), path, "post")
        note(
            parts.call(Broken(), path, CONTENT_LENGTH="1"),
            path,
            "post",
        )
    note(poor.post(GOOD), "/v1/metrics", "post")
    for path, item in openapi.DOCUMENT["paths"].items():
        for method in item.keys() & {"get", "head"}:
            for app_parts in (parts, poor):
                note(app_parts.client.ask(method.upper(), path), path, method)
    poor.publisher.close()
    assert seen == {
        (path, method): set(operation["responses"]) - FRAMING
        for path, item in openapi.DOCUMENT["paths"].items()
        for method, operation in item.items()
    }


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


@pytest.mark.parametrize("coding", ["gzip", "deflate", "br", "identity, gzip", "zstd"])
def test_a_content_coding_is_415_and_what_is_taken_is_said(parts: Parts, coding: str) -> None:
    result = parts.post(GOOD, Content_Encoding=coding)
    assert_problem(result, 415)
    assert result.headers["accept-encoding"] == "identity"
    assert not parts.stream.calls


def test_the_coding_identity_is_none(parts: Parts) -> None:
    assert parts.post(GOOD, Content_Encoding="Identity").status == 202


@pytest.mark.parametrize(
    "headers",
    [
        {"Sec_Fetch_Site": "cross-site"},
        {"Sec_Fetch_Site": "same-site"},
        {"Sec_Fetch_Site": "cross-site", "Origin": "http://localhost"},
        {"Origin": "https://elsewhere.example"},
        {"Origin": "http://localhost:8080"},
        {"Origin": "null"},
        {"Origin": "http://["},
        {"Origin": ""},
    ],
)
@pytest.mark.parametrize("path", ["/v1/metrics", "/v1/metrics/check"])
def test_a_browsers_request_for_another_site_is_403(parts: Parts, path: str, headers: dict[str, str]) -> None:
    assert_problem(parts.post(GOOD, path, **headers), 403)
    assert not parts.stream.calls


@pytest.mark.parametrize(
    "headers", [{"Sec_Fetch_Site": "same-origin"}, {"Sec_Fetch_Site": "none"}, {"Origin": "http://LOCALHOST"}]
)
def test_a_browsers_request_for_this_site_is_taken(parts: Parts, headers: dict[str, str]) -> None:
    assert parts.post(GOOD, **headers).status == 202


def test_a_link_on_another_site_leads_to_the_page(parts: Parts) -> None:
    assert parts.client.ask("GET", "/", headers={"Sec-Fetch-Site": "cross-site"}).status == 200


def test_every_answer_has_the_same_headers_against_misuse(parts: Parts) -> None:
    answers = [
        *(parts.get(path) for path in ("/", "/healthz", "/readyz", "/v1/schema", "/openapi.json", "/none")),
        *(parts.post(data) for data in (GOOD, b"[]", b" " * 8_193)),
        parts.post(GOOD, "/v1/metrics/check"),
        parts.client.ask("OPTIONS", "/v1/metrics"),
        parts.call(Broken(), CONTENT_LENGTH="1"),
    ]
    assert {answer.status for answer in answers} >= {200, 202, 400, 404, 405, 413, 500}
    for answer in answers:
        assert answer.headers["cache-control"] == "no-store"
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["referrer-policy"] == "no-referrer"
        assert answer.headers["cross-origin-resource-policy"] == "same-origin"
        assert answer.headers["content-security-policy"].startswith("default-src 'none'")


def test_what_waits_for_the_stream_is_bytes_and_key_alone() -> None:
    parts = Parts(MemoryStream(down))
    entry = parts.publisher.submit(GOOD, "key")
    assert (entry.data, entry.partition_key, entry.size) == (GOOD, "key", len(GOOD) + 3)
    parts.publisher.close()


def test_a_server_that_knows_of_pending_answers_need_not_wait(parts: Parts) -> None:
    started: list[str] = []
    woken = threading.Event()
    environ = EnvironBuilder("/v1/metrics", method="POST", data=GOOD).get_environ()
    pending = parts.edge(environ, lambda status, _headers, _error=None: started.append(status))  # type: ignore[arg-type] # of start_response the status counts here
    assert isinstance(pending, Pending)
    assert not started
    pending.subscribe(woken.set)
    assert woken.wait(10)
    assert pending.finish() == [b'{"record_id":"shardId-000000000000:1000"}']
    assert started == ["202 Accepted"]
