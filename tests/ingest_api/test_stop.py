"""How a real edge ends: what was taken is answered, and nothing is left behind."""

import http.client
import os
import signal
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.support.edge.edge import Answer, Edge, exchange, running
from tests.support.edge.kinesis_stub import KinesisStub, Mood, serving

PROMPT = 25
"""Seconds that a stop without anything under way never takes, on a busy machine either."""


@pytest.fixture
def stub() -> Iterator[KinesisStub]:
    with serving(KinesisStub()) as stub:
        yield stub


@pytest.fixture
def edge(stub: KinesisStub, tmp_path: Path) -> Iterator[Edge]:
    with running(stub.port, tmp_path) as edge:
        yield edge


def keep_posting(edge: Edge, name: int, answers: list[tuple[bytes, Answer]]) -> None:
    """Post on one connection until the edge says that it closes it; any other end is an error."""
    connection = http.client.HTTPConnection("127.0.0.1", edge.port, timeout=20)
    for number in range(1_000_000):
        body = b'{"client": %d, "number": %d}' % (name, number)
        answer = exchange(connection, "POST", "/v1/metrics", body)
        answers.append((body, answer))
        if answer.headers.get("connection") == "close":
            break
    connection.close()


def test_sigterm_under_load_resets_no_connection_and_every_answer_is_true(
    edge: Edge, stub: KinesisStub
) -> None:
    answers: list[tuple[bytes, Answer]] = []
    with ThreadPoolExecutor(16) as pool:
        clients = [pool.submit(keep_posting, edge, name, answers) for name in range(16)]
        time.sleep(0.5)
        assert edge.stop() == 0
        for client in clients:
            client.result()
    assert len(answers) > 16
    assert {answer.status for _, answer in answers} == {202}
    for body, answer in answers:
        assert stub.acknowledged[answer.document["record_id"]] == body


def test_a_request_that_waits_for_the_stream_gets_its_answer_after_sigterm(
    edge: Edge, stub: KinesisStub
) -> None:
    stub.mood = Mood.TAKE_SLOWLY
    with ThreadPoolExecutor(1) as pool:
        request = pool.submit(edge.post, b'{"a":1}')
        while not stub.calls:
            time.sleep(0.01)
        assert edge.stop() == 0
        assert request.result().status == 202


@pytest.fixture
def patient(stub: KinesisStub, tmp_path: Path) -> Iterator[Edge]:
    """Give an edge that lets what is under way go on for longer than `PROMPT`."""
    with running(stub.port, tmp_path, METRICS_PUBLISH_SECONDS=str(PROMPT)) as edge:
        yield edge


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_an_idle_edge_stops_quickly_with_status_0(patient: Edge, number: signal.Signals) -> None:
    begun = time.monotonic()
    assert patient.stop(number) == 0
    assert time.monotonic() - begun < PROMPT
    assert patient.log[-1]["event"] == "edge.stopped"


def test_an_idle_connection_does_not_hold_the_edge_up(patient: Edge) -> None:
    edge = patient
    connection = http.client.HTTPConnection("127.0.0.1", edge.port, timeout=20)
    assert exchange(connection, "GET", "/healthz").status == 200
    begun = time.monotonic()
    assert edge.stop() == 0
    assert time.monotonic() - begun < PROMPT
    connection.close()


def test_sigterm_to_the_whole_process_group_ends_with_status_0(edge: Edge) -> None:
    os.killpg(edge.process.pid, signal.SIGTERM)
    assert edge.process.wait(60) == 0


def test_a_call_that_outlasts_all_connections_does_not_hold_the_edge_up(
    edge: Edge, stub: KinesisStub
) -> None:
    stub.mood = Mood.HANG
    connection = http.client.HTTPConnection("127.0.0.1", edge.port, timeout=20)
    connection.request("POST", "/v1/metrics", b'{"a":1}')
    while not stub.calls:
        time.sleep(0.01)
    connection.close()
    assert edge.stop() == 0
    assert edge.log[-1]["event"] == "edge.stopped"
