"""Only what is disclosed is kept: no address, no header, no query; and no value of a report in a log."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

import orjson
import polars as pl
import pytest

from infra.fleets import fleet
from infra.local.system import start_resources
from tests.support import truth
from tests.support.e2e import canary, search
from tests.support.e2e.installation import Installation

if TYPE_CHECKING:
    from pathlib import Path

PLANTED = "geplant3w8z"
REPORT = orjson.loads(fleet.honest(random.Random(1))) | {"version": f"1.2.3+{PLANTED}"}
BODY = orjson.dumps(REPORT, option=orjson.OPT_INDENT_2)

REQUESTS = [
    (202, "POST", "/v1/metrics", BODY, {"content_type": "application/json; charset=utf-8"}),
    (200, "POST", "/v1/metrics/check", BODY, {}),
    (200, "GET", "/", b"", {}),
    (200, "GET", "/v1/schema", b"", {}),
    (200, "GET", "/healthz", b"", {}),
    (200, "GET", "/readyz", b"", {}),
    (400, "POST", "/v1/metrics", b"{", {}),
    (400, "POST", "/v1/metrics", b"", {}),
    (404, "GET", f"/{canary.MARK}", b"", {}),
    (404, "POST", f"/v1/metrics/{canary.MARK}", BODY, {}),
    (405, "DELETE", "/v1/metrics", b"", {}),
    (413, "POST", "/v1/metrics", b" " * 70_000, {}),
    (415, "POST", "/v1/metrics", BODY, {"content_type": f"text/{canary.MARK}"}),
]

VALUE = "geheim5t2k"
"""A mark that stands in bodies alone."""

TELLING_REPORTS = {
    "accepted": REPORT | {"version": f"1.2.3+{VALUE}"},
    "invalid": REPORT | {VALUE: VALUE},
    "invalid ": REPORT | {"version": [VALUE]},
    "invalid  ": REPORT | {"metrics": REPORT["metrics"] | {VALUE: 1}},
    "invalid   ": REPORT | {"stack_id": VALUE},
    "invalid    ": {VALUE: REPORT},
    "invalid     ": REPORT | {"version": VALUE},
    "fraud": REPORT | {"version": f"1.0.0-{VALUE}", "stack_id": fleet.FORGED_NONCES[1]},
    "duplicate": REPORT | {"version": f"2.0.0+{VALUE}"},
}
"""Reports that carry the mark in values and in names that no schema knows, by what becomes of them."""

TELLING_JUNK = (f"{VALUE}{{", f'["{VALUE}"]', f'"{VALUE}"', f'{{"version": "{VALUE}')
"""Bodies that are no JSON object. The edge refuses them; another producer may put them on the stream."""


def test_the_search_itself_finds_what_is_planted(installation: Installation) -> None:
    put = installation.cloud.kinesis.put_record
    put(StreamName=installation.cloud.resources.stream, Data=BODY, PartitionKey=PLANTED)
    put(StreamName=installation.cloud.resources.stream, Data=PLANTED.encode(), PartitionKey=PLANTED)
    installation.drain()
    (installation.logs / "planted.log").write_text(f"peer={PLANTED.upper()}", encoding="utf-8")
    found = search.places_of(installation, [PLANTED])
    assert {place for place in found if ".parquet" not in place} == {
        "stream",
        "stream, beside the body",
        "lake reports.version",
        "lake rejects.body",
        "lake rejects.partition_key",
        "log planted.log",
    }


def test_nothing_of_a_request_but_its_body_is_kept(installation: Installation) -> None:
    with installation.edge() as edge:
        for status, method, path, body, headers in REQUESTS:
            assert canary.send(edge, method, path, body, **headers) == status, (method, path)
        for text in canary.MALFORMED_REQUESTS:
            assert not canary.send_malformed(edge, text).startswith(b"HTTP/1.1 2"), text[:80]
    installation.drain()
    assert [held for place, held in search.stream(installation) if place == "stream"] == [BODY]
    assert truth.read(installation.cloud.lake).outcomes == {"accepted": 1}
    assert search.places_of(installation, [PLANTED]) >= {"stream", "lake reports.version"}
    assert search.places_of(installation, canary.MARKS) == set()


def test_nothing_of_a_request_is_logged_when_kinesis_is_gone(tmp_path: Path) -> None:
    with start_resources(tmp_path) as cloud:
        installation = Installation(cloud, tmp_path / "logs")
        installation.logs.mkdir()
        with installation.edge(publish_seconds=1) as edge:
            cloud.endpoint.process.kill()
            assert canary.send(edge, "POST", "/v1/metrics", BODY) == 503
            assert canary.send(edge, "GET", "/readyz") == 503
    held = b"".join(log for _, log in search.logs(installation))
    assert b"publish.failed" in held
    for mark in (*canary.MARKS, PLANTED, str(REPORT["stack_id"])):
        assert mark.encode() not in held


def test_no_value_of_a_report_reaches_a_log_or_the_reasons(installation: Installation) -> None:
    with installation.edge() as edge:
        for report in TELLING_REPORTS.values():
            assert canary.send(edge, "POST", "/v1/metrics", orjson.dumps(report)) == 202
            assert canary.send(edge, "POST", "/v1/metrics/check", orjson.dumps(report)) == 200
        for junk in TELLING_JUNK:
            assert canary.send(edge, "POST", "/v1/metrics", junk.encode()) == 400
            installation.cloud.kinesis.put_record(
                StreamName=installation.cloud.resources.stream, Data=junk.encode(), PartitionKey="k"
            )
    installation.drain()
    found = truth.read(installation.cloud.lake)
    assert found.outcomes == {"accepted": 1, "invalid": 6, "fraud": 1, "duplicate": 1, "malformed": 4}
    places = search.places_of(installation, [VALUE])
    assert {place for place in places if ".parquet" not in place} == {
        "stream",
        "lake reports.version",
        "lake rejects.body",
    }
    assert not [place for place in places if "key" in place or "beside" in place]
    assert found.rejects.filter(pl.col("reason") != "duplicate")["detail"].null_count() == 0


@pytest.mark.parametrize("mark", canary.MARKS)
def test_every_mark_is_in_every_request(mark: str) -> None:
    sent = repr(canary.HEADERS) + canary.QUERY + canary.ADDRESS
    assert mark in sent
