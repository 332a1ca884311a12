import hashlib
import json
from typing import Any

import orjson
import polars as pl
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from schemas.report import COUNTERS, LONGEST_BYTES, SCHEMA, violations
from schemas.tables import COUNTER_COLUMNS, REJECTS, REPORTS
from stream_worker.judging.judgement import JUDGEMENT
from stream_worker.judging.pipeline import BODY_KEPT, Settled, settle
from stream_worker.judging.seen import Seen
from tests.schemas.versions import BAD, GOOD
from tests.support.worker.samples import FIRST, FORGED, INVALID, MALFORMED, NOON, body, nonce, records, report


def settled(bodies: list[bytes], seen: Seen | None = None) -> Settled:
    return settle(records(bodies), seen or Seen(), "shardId-000000000000")


def reasons(bodies: list[bytes], seen: Seen | None = None) -> list[tuple[str, str | None]]:
    return settled(bodies, seen).rejected.select("reason", "rule").rows()


def test_an_accepted_report_is_a_row_with_its_values_arrival_and_position() -> None:
    rows = settled([body(5)]).accepted
    assert rows.schema == REPORTS.polars
    row = rows.row(0, named=True)
    assert row["stack_id"] == nonce(5)
    assert [row[column] for column in COUNTER_COLUMNS] == [5, 6, 7, 8, 9, 10]
    assert round(row["arrived_at"].timestamp() * 1000) == NOON
    assert (row["shard_id"], row["sequence_number"]) == ("shardId-000000000000", str(FIRST))


def test_a_rejected_record_is_kept_whole_with_the_reason() -> None:
    rows = settled([MALFORMED, INVALID, FORGED, body(1), body(1)]).rejected
    assert rows.schema == REJECTS.polars
    assert rows.select("reason", "rule", "body").rows() == [
        ("malformed", None, MALFORMED),
        ("invalid", "$.version", INVALID),
        ("fraud", "nonce_repeats", FORGED),
        ("duplicate", None, body(1)),
    ]
    assert rows["body_sha256"].to_list()[0] == hashlib.sha256(MALFORMED).hexdigest()
    assert rows["partition_key"].to_list() == ["key-0", "key-1", "key-2", "key-4"]
    assert set(rows["code_version"]) == {JUDGEMENT.id}


def test_a_record_of_another_producer_that_is_too_long_keeps_its_length_and_digest() -> None:
    long = b"x" * (BODY_KEPT + 1)
    row = settled([long]).rejected.row(0, named=True)
    assert (row["body"], row["body_length"]) == (long[:-1], BODY_KEPT + 1)
    assert row["body_sha256"] == hashlib.sha256(long).hexdigest()


def padded(length: int) -> bytes:
    return body(1) + b" " * (length - len(body(1)))


def test_a_report_of_8192_bytes_is_accepted_and_a_longer_one_is_malformed_and_not_decoded() -> None:
    rows = settled([padded(LONGEST_BYTES), padded(LONGEST_BYTES + 1)])
    assert rows.accepted["stack_id"].to_list() == [nonce(1)]
    row = rows.rejected.row(0, named=True)
    assert (row["reason"], row["rule"]) == ("malformed", None)
    assert row["detail"] == "longer than 8,192 bytes; not decoded"
    assert row["body"] == padded(LONGEST_BYTES + 1)


def test_a_body_is_rejected_for_the_same_reason_when_the_lake_has_kept_only_its_beginning() -> None:
    whole = padded(BODY_KEPT + 1)
    kept = settled([whole]).rejected["body"].to_list()[0]
    assert kept != whole
    columns = ["reason", "rule", "detail"]
    assert settled([kept]).rejected.select(columns).equals(settled([whole]).rejected.select(columns))


def test_the_longest_valid_report_is_far_shorter_than_what_is_decoded() -> None:
    version = "1.2.3-".ljust(SCHEMA["properties"]["version"]["maxLength"], "a")
    longest = {"version": version, "stack_id": nonce(1), "metrics": dict.fromkeys(COUNTERS, 2**53 - 1)}
    assert len(json.dumps(longest)) == 376
    escaped = orjson.dumps(longest)
    for text in (version, nonce(1)):
        escaped = escaped.replace(text.encode(), b"".join(b"\\u%04x" % ord(letter) for letter in text))
    assert settled([escaped]).outcomes["malformed"] == settled([escaped]).outcomes["invalid"] == 0
    assert len(escaped) * 4 < LONGEST_BYTES


@pytest.mark.parametrize("version", BAD)
def test_a_mistyped_version_is_invalid_at_its_path_and_no_fraud(version: str) -> None:
    mistyped = body(1, version=version)
    assert reasons([mistyped]) == [("invalid", "$.version")]


@pytest.mark.parametrize("version", GOOD)
def test_a_semantic_version_is_kept_as_it_was_reported(version: str) -> None:
    assert settled([body(1, version=version)]).accepted["version"].to_list() == [version]


def test_a_mistyped_versions_reject_says_in_words_what_is_required() -> None:
    rejected = settled([body(1, version="2024.01.1")]).rejected
    assert rejected["detail"].to_list() == [
        "pattern: must be a semantic version (semver.org) of at most 64 characters, such as 1.4.2"
    ]


def test_both_cases_of_a_stack_id_are_one_deployment() -> None:
    upper = body(1, stack_id=nonce(1).upper())
    assert settled([upper]).accepted["stack_id"].to_list() == [nonce(1)]
    assert reasons([upper, body(1)]) == [("duplicate", None)]


def test_what_the_day_has_seen_is_a_duplicate() -> None:
    seen = Seen()
    seen.add(settled([body(1), body(2)]).nonces)
    assert reasons([body(3), body(2), body(4), body(1)], seen) == [("duplicate", None)] * 2


def test_a_forged_or_broken_report_does_not_take_the_place_of_a_genuine_one() -> None:
    forged = body(1, metrics=report(1)["metrics"] | {"tokenizeSuccess": 10**10 + 1})
    invalid = body(1, metrics={})
    result = settled([forged, invalid, body(1)])
    assert result.outcomes == {"accepted": 1, "malformed": 0, "invalid": 1, "fraud": 1, "duplicate": 0}
    assert result.accepted["sequence_number"].to_list() == [str(FIRST + 2)]


def test_integers_that_json_writes_as_floats_are_kept_exactly() -> None:
    metrics = (
        orjson.dumps(report(1)["metrics"]).replace(b":1,", b":1.0,").replace(b":2,", b":9007199254740991.0,")
    )
    text = b'{"version":"1.0.0","stack_id":"%s","metrics":%s}' % (nonce(1).encode(), metrics)
    rows = settled([text.replace(b"9007199254740991.0", b"1e10")]).accepted
    assert rows["tokenize_success"].to_list() == [1]
    assert rows["tokenize_failure"].to_list() == [10**10]
    assert reasons([text]) == [("fraud", "counters_impossible")]


def test_no_records_make_no_rows() -> None:
    result = settled([])
    assert (result.accepted.schema, len(result.accepted)) == (REPORTS.polars, 0)
    assert (result.rejected.schema, len(result.rejected)) == (REJECTS.polars, 0)


@pytest.mark.parametrize(
    "bad",
    [
        b"", b"\x00", b"\xff\xfe", b"null", b"[]", b'"x"', b"1", b"NaN", b"{", b'{"a":}', b"\xef\xbb\xbf{}",
        b'{"a":"\xc3"}', b'{"a":"\\ud800"}', b'{"a":1e999}', b"[" * 70_000, b'{"a":' * 5_000, b"{}{}",
    ],
)  # fmt: skip
def test_what_is_not_a_json_object_in_utf8_is_malformed_and_kept(bad: bytes) -> None:
    rows = settled([bad]).rejected
    assert rows["reason"].to_list() == ["malformed"]
    assert rows["body"].to_list() == [bad[:BODY_KEPT]]


json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**70), 2**70) | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)
counters = st.integers(0, 2**53) | st.integers(-2, 3) | st.floats(0, 1e16) | json_values
near_reports = st.fixed_dictionaries(
    {},
    optional={
        "version": st.sampled_from(["1.2.3", *BAD]) | json_values,
        "stack_id": st.integers(0, 9).map(nonce) | st.uuids().map(str) | json_values,
        "metrics": st.fixed_dictionaries({}, optional=dict.fromkeys(COUNTERS, counters)) | json_values,
        "more": json_values,
    },
)
valid_reports = st.builds(
    lambda number, values: report(number, metrics=dict(zip(COUNTERS, values, strict=True))),
    st.integers(0, 9),
    st.lists(st.integers(0, 2**53 - 1) | st.integers(0, 99).map(float), min_size=6, max_size=6),
)


def as_json(document: Any) -> bytes:  # noqa: ANN401 - any JSON
    try:
        return orjson.dumps(document)
    except (TypeError, orjson.JSONEncodeError):  # integers past 64 bits, lone surrogates
        return repr(document).encode("utf-8", "surrogatepass")


any_body = (
    st.binary(max_size=80) | near_reports.map(as_json) | valid_reports.map(as_json) | json_values.map(as_json)
)


@given(st.lists(any_body, max_size=12), st.lists(st.integers(0, 9), unique=True))
@example(
    [b'{"version":"1.0.0","stack_id":"\\u0000","metrics":{}}', b"\x80", b'{"metrics":{"\\u0000":1e400}}'], []
)
def test_any_bodies_whatsoever_end_in_exactly_one_place_each(bodies: list[bytes], known: list[int]) -> None:
    seen = Seen()
    seen.add(settled([body(number) for number in known]).nonces)
    result = settled(bodies, seen)
    rows = result.accepted["sequence_number"].to_list() + result.rejected["sequence_number"].to_list()
    assert sorted(map(int, rows)) == [FIRST + place for place in range(len(bodies))]
    assert sum(result.outcomes.values()) == len(bodies)
    assert not set(result.accepted["stack_id"]) & {nonce(number) for number in known}
    assert result.accepted["stack_id"].is_unique().all()
    for row in result.accepted.iter_rows(named=True):
        assert not violations(orjson.loads(bodies[int(row["sequence_number"]) - FIRST]))


@given(st.lists(any_body, max_size=12), st.integers(0, 12))
def test_where_the_segments_are_cut_changes_no_outcome(bodies: list[bytes], cut: int) -> None:
    whole = settled(bodies)
    seen = Seen()
    head = settle(records(bodies[:cut]), seen, "shardId-000000000000")
    seen.add(head.nonces)
    rest = settle(records(bodies[cut:], first=len(bodies[:cut])), seen, "shardId-000000000000")
    assert pl.concat([head.accepted, rest.accepted]).equals(whole.accepted)
    assert pl.concat([head.rejected, rest.rejected]).equals(whole.rejected)


def test_details_name_rules_and_never_values() -> None:
    marked = report(1, version="MARK" * 20, MARK="MARK")
    marked["metrics"]["tokenizeSuccess"] = "MARK"
    rejected = settled(
        [orjson.dumps(marked), b'{"MARK', orjson.dumps(["MARK"]), body(1, version="MARK")]
    ).rejected
    said = rejected.select("reason", "rule", "detail").rows()
    assert len(said) == 4
    assert "MARK" not in str(said)
