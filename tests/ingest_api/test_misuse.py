"""What other people's pages, compressors and caches may not do, and what they may."""

import pytest

from ingest_api.stream import MemoryStream
from tests.support.edge.parts import GOOD, Broken, Parts, assert_problem, down


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
