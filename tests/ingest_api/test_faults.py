"""A real edge and a Kinesis that fails in every way: each request's answer is true."""

import os
from collections import deque
from pathlib import Path

import pytest

from ingest_api.publisher import SENDERS
from tests.support.edge.edge import PUBLISH_SECONDS, Answer, Edge, running
from tests.support.edge.kinesis_stub import THROTTLED, KinesisStub, Mood, serving

SLACK = 15
"""Seconds beyond the deadline for a busy machine."""


def reports(count: int) -> list[bytes]:
    return [b'{"number": %d}' % number for number in range(count)]


def assert_true(stub: KinesisStub, body: bytes, answer: Answer) -> None:
    """Hold a 202 to a record that the stub acknowledged for this body; the rest to a timely 503."""
    if answer.status == 202:
        assert stub.acknowledged[answer.document["record_id"]] == body
    else:
        assert answer.status == 503
        assert answer.headers["content-type"] == "application/problem+json"
        assert int(answer.headers["retry-after"]) >= 1
    assert answer.seconds < PUBLISH_SECONDS + SLACK


def post_all(edge: Edge, stub: KinesisStub, bodies: list[bytes]) -> list[int]:
    answers = edge.post_all(bodies)
    for body, answer in zip(bodies, answers, strict=True):
        assert_true(stub, body, answer)
    return [answer.status for answer in answers]


def test_refused_entries_alone_are_sent_again(edge: Edge, stub: KinesisStub) -> None:
    bodies = reports(40)
    stub.mood = Mood.REFUSE_EVERY_SECOND
    before = len(stub.acknowledged)
    assert post_all(edge, stub, bodies) == [202] * 40
    assert len(stub.acknowledged) - before == 40
    sent = [body for call in stub.calls for body in call]
    assert len(sent) > 40
    assert set(sent) == set(bodies)


def test_a_kinesis_that_refuses_every_entry_is_503_for_all(edge: Edge, stub: KinesisStub) -> None:
    stub.mood = Mood.REFUSE_ALL
    assert post_all(edge, stub, reports(20)) == [503] * 20
    assert len(stub.calls) > 1
    codes = [line["codes"] for line in edge.log if line["event"] == "publish.failed"]
    assert any(THROTTLED in code for code in codes)


@pytest.mark.parametrize(
    "mood",
    [
        Mood.FAIL,
        Mood.THROTTLE,
        Mood.HANG,
        Mood.TAKE_AND_LOSE_THE_ANSWER,
        Mood.TAKE_AND_ANSWER_GARBAGE,
        Mood.TAKE_AND_ANSWER_TOO_FEW,
        Mood.TAKE_AND_FORGET_THE_NUMBERS,
    ],
)
class TestCallsThatFail:
    def test_are_503_for_all_when_they_go_on(self, edge: Edge, stub: KinesisStub, mood: Mood) -> None:
        stub.mood = mood
        assert post_all(edge, stub, reports(20)) == [503] * 20
        assert len(stub.calls) > 1

    def test_are_made_again_within_the_deadline(self, edge: Edge, stub: KinesisStub, mood: Mood) -> None:
        stub.moods = deque([mood])
        assert post_all(edge, stub, reports(1)) == [202]
        assert len(stub.calls) == 2

    def test_do_not_harm_the_requests_after_them(self, edge: Edge, stub: KinesisStub, mood: Mood) -> None:
        stub.moods = deque([mood] * 3)
        statuses = [post_all(edge, stub, reports(10)) for _ in range(3)]
        assert statuses[-1] == [202] * 10


def test_a_kinesis_that_goes_away_and_comes_back_is_told_apart(tmp_path: Path) -> None:
    stub = KinesisStub()
    with serving(stub):
        pass
    with running(stub.port, tmp_path) as edge:
        assert post_all(edge, stub, reports(10)) == [503] * 10
        assert edge.ask("GET", "/readyz").status == 503
        with serving(stub):
            assert post_all(edge, stub, reports(10)) == [202] * 10
        assert post_all(edge, stub, reports(10)) == [503] * 10


@pytest.mark.parametrize(
    "body",
    [
        '{"a": "ü€😀", "a": 2}'.encode(),
        b'\n\t{ "a" :\r\n 1.0 , "a":1e2 }  \n',
        b'{"stack_id":"3D9C49CE-8367-43ec-8884-568c8d43faec","b":"\\u00e9\\/"}',
        b'{"a":"' + b"x" * (8_192 - 8) + b'"}',
    ],
)
def test_a_body_is_on_the_stream_byte_for_byte(edge: Edge, stub: KinesisStub, body: bytes) -> None:
    answer = edge.post(body)
    assert stub.acknowledged[answer.document["record_id"]] == body


def test_a_thousand_requests_on_a_kinesis_that_hangs_are_answered_in_time(
    edge: Edge, stub: KinesisStub
) -> None:
    stub.mood = Mood.HANG
    assert set(post_all(edge, stub, reports(1000))) == {503}


def test_nothing_of_a_request_but_its_body_leaves_the_edge(edge: Edge, stub: KinesisStub) -> None:
    marks = {
        "X-Forwarded-For": "203.0.113.77",
        "User-Agent": "marked-agent",
        "Cookie": "marked=cookie",
        "Authorization": "marked-authorization",
        "X-Anything": "marked-header",
    }
    stub.moods = deque([Mood.FAIL])
    path = "/v1/metrics?marked=query"
    assert edge.ask("POST", path, b'{"a":1}', marks).status == 202
    assert edge.ask("POST", path, b"marked body", marks).status == 400
    seen = b"".join(stub.raw) + edge.log_path.read_bytes()
    assert b"marked" not in seen
    assert b"203.0.113.77" not in seen


def test_a_log_that_nobody_reads_any_more_costs_no_report(stub: KinesisStub, tmp_path: Path) -> None:
    reader, writer = os.pipe()
    with running(stub.port, tmp_path, stderr=writer) as edge:
        os.close(writer)
        os.close(reader)
        stub.moods = deque([Mood.FAIL] * SENDERS * 2)
        for _ in range(SENDERS + 1):
            assert edge.post(b'{"a":1}').status in {202, 503}
        stub.moods.clear()
        assert edge.post(b'{"a":1}').status == 202
