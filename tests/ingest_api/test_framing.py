"""A real edge and requests as bytes: how they are framed, cut off, sent ahead and refused."""

import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import orjson
import pytest

from tests.support.edge.edge import Edge, running
from tests.support.edge.kinesis_stub import KinesisStub, Mood

POST = b"POST /v1/metrics HTTP/1.1\r\nHost: x\r\n"
GOOD = POST + b'Content-Length: 7\r\n\r\n{"a":1}'
CHUNKED = POST + b"Transfer-Encoding: chunked\r\n\r\n"


@dataclass(frozen=True)
class Answer:
    """One answer; the headers' names are in lower case."""

    status: int
    headers: dict[str, str]
    body: bytes


class Wire:
    """A connection, and what comes back on it."""

    def __init__(self, connection: socket.socket) -> None:
        self._connection = connection
        self._answers = connection.makefile("rb")

    def send(self, data: bytes) -> None:
        self._connection.sendall(data)

    def half_close(self) -> None:
        self._connection.shutdown(socket.SHUT_WR)

    def answer(self) -> Answer:
        status = int(self.line().split()[1])
        headers = {}
        while (line := self.line()) != b"\r\n":
            name, _, text = line.decode().partition(": ")
            headers[name.lower()] = text.removesuffix("\r\n")
        return Answer(status, headers, self._answers.read(int(headers["content-length"])))

    def line(self) -> bytes:
        return self._answers.readline()

    def rest(self) -> bytes:
        return self._answers.read()


@contextmanager
def wire(edge: Edge) -> Iterator[Wire]:
    with socket.create_connection(("127.0.0.1", edge.port), timeout=60) as connection:
        yield Wire(connection)


def exchange(edge: Edge, *pieces: bytes) -> Answer:
    """Send a request in pieces and return the first answer."""
    with wire(edge) as one:
        for piece in pieces:
            one.send(piece)
        return one.answer()


@pytest.mark.parametrize(
    ("status", "request_bytes"),
    [
        (400, POST + b"Content-Length: 2\r\nContent-Length: 2\r\n\r\n{}"),
        (400, POST + b"Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
        (400, POST + b"Content-Length: many\r\n\r\n"),
        (400, b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"),
        (400, b"nonsense\r\n\r\n"),
        (413, POST + b"Content-Length: 8193\r\n\r\n"),
        (413, CHUNKED + b"2001\r\n" + b" " * 8193),
        (431, b"GET / HTTP/1.1\r\nHost: x\r\nName: " + b"x" * 9000 + b"\r\n\r\n"),
    ],
)
def test_what_is_framed_wrongly_or_too_long_is_refused_and_the_connection_ends(
    edge: Edge, status: int, request_bytes: bytes
) -> None:
    with wire(edge) as one:
        one.send(request_bytes)
        answer = one.answer()
        assert answer.status == orjson.loads(answer.body)["status"] == status
        assert answer.headers["content-type"] == "application/problem+json"
        assert answer.headers["connection"] == "close"
        assert one.rest() == b""


def test_a_long_body_is_refused_before_it_has_come_and_the_answer_can_be_read_after_all_of_it(
    edge: Edge,
) -> None:
    with wire(edge) as one:
        one.send(POST + b"Content-Length: 1000000\r\n\r\n")
        for _ in range(100):
            one.send(b"x" * 10_000)
        assert one.answer().status == 413


def test_chunks_without_a_length_are_taken(edge: Edge, stub: KinesisStub) -> None:
    answer = exchange(edge, CHUNKED, b'3\r\n{"a', b'\r\n4\r\n":1}\r\n', b"0\r\n\r\n")
    assert answer.status == 202
    assert stub.acknowledged[orjson.loads(answer.body)["record_id"]] == b'{"a":1}'


def test_a_body_that_breaks_off_is_400_and_stored_nowhere_even_if_it_is_json_until_then(
    edge: Edge, stub: KinesisStub
) -> None:
    for begun in (CHUNKED + b'7\r\n{"a":1}\r\n', POST + b'Content-Length: 8\r\n\r\n{"a":1}'):
        with wire(edge) as one:
            one.send(begun)
            one.half_close()
            assert one.answer().status == 400
    assert not stub.calls


def test_a_client_that_has_sent_all_it_has_to_say_still_gets_its_answer(
    edge: Edge, stub: KinesisStub
) -> None:
    stub.mood = Mood.TAKE_SLOWLY
    with wire(edge) as one:
        one.send(GOOD)
        one.half_close()
        assert one.answer().status == 202
        assert one.rest() == b""


def test_a_client_that_waits_for_100_continue_gets_it(edge: Edge) -> None:
    with wire(edge) as one:
        one.send(POST + b"Expect: 100-continue\r\nContent-Length: 7\r\n\r\n")
        assert one.line() == b"HTTP/1.1 100 Continue\r\n"
        assert one.line() == b"\r\n"
        one.send(b'{"a":1}')
        assert one.answer().status == 202


def test_a_client_that_waits_with_too_long_a_body_does_not_get_100_continue(edge: Edge) -> None:
    assert exchange(edge, POST + b"Expect: 100-continue\r\nContent-Length: 8193\r\n\r\n").status == 413


def test_an_offer_of_http_2_is_passed_over(edge: Edge, stub: KinesisStub) -> None:
    offer = b"Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAAP\r\n"
    with wire(edge) as one:
        one.send(POST + offer + b'Content-Length: 7\r\n\r\n{"a":1}')
        answer = one.answer()
        assert answer.status == 202
        assert stub.acknowledged[orjson.loads(answer.body)["record_id"]] == b'{"a":1}'
        one.send(GOOD)
        assert one.answer().status == 202


def test_requests_sent_ahead_are_answered_in_their_order(edge: Edge, stub: KinesisStub) -> None:
    stub.mood = Mood.TAKE_SLOWLY
    with wire(edge) as one:
        one.send(
            b"GET /none HTTP/1.1\r\nHost: x\r\n\r\n" + GOOD + b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n"
        )
        assert [one.answer().status for _ in range(3)] == [404, 202, 200]


@pytest.mark.parametrize("path", [b"/none", b"/healthz", b"/v1/metrics/check"])
def test_an_answer_that_needs_no_body_comes_after_it_and_keeps_the_connection(
    edge: Edge, path: bytes
) -> None:
    with wire(edge) as one:
        for _ in range(2):
            one.send(
                b"POST "
                + path
                + b" HTTP/1.1\r\nHost: x\r\nContent-Type: text/plain\r\nContent-Length: 7\r\n\r\n"
            )
            one.send(b'{"a":1}')
            answer = one.answer()
            assert answer.status in {404, 405, 415}
            assert "connection" not in answer.headers


def test_an_old_client_gets_its_answer_and_the_end(edge: Edge) -> None:
    with wire(edge) as one:
        one.send(b"GET /healthz HTTP/1.0\r\n\r\n")
        answer = one.answer()
        assert (answer.status, answer.headers["connection"]) == (200, "close")
        assert one.rest() == b""


def test_the_answer_to_head_has_no_body(edge: Edge) -> None:
    with wire(edge) as one:
        one.send(b"HEAD /v1/schema HTTP/1.1\r\nHost: x\r\n\r\nGET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
        one.half_close()
        rest = one.rest()
    assert rest.count(b"HTTP/1.1 200 OK\r\n") == 2
    assert rest.count(b"{") == 1


def test_every_answer_has_a_date_and_names_no_server(edge: Edge) -> None:
    headers = exchange(edge, b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n").headers
    assert headers["date"].endswith("GMT")
    assert "server" not in headers


def test_what_is_sent_behind_a_report_that_waits_is_not_taken_without_bound(
    stub: KinesisStub, tmp_path: Path
) -> None:
    stub.mood = Mood.REFUSE_ALL
    taken = 0
    with running(stub.port, tmp_path, METRICS_PUBLISH_SECONDS="60") as edge, socket.socket() as connection:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4096)
        connection.connect(("127.0.0.1", edge.port))
        connection.sendall(GOOD)
        while not stub.calls:
            time.sleep(0.01)
        connection.settimeout(1)
        with suppress(TimeoutError):
            while taken < 1_000_000:
                taken += connection.send(b"GET /none HTTP/1.1\r\nHost: x\r\n\r\n" * 100)
    assert taken < 300_000


def test_a_body_that_comes_byte_by_byte_is_taken_and_so_is_the_request_behind_it(
    edge: Edge, stub: KinesisStub
) -> None:
    with wire(edge) as one:
        for request in (GOOD, GOOD, CHUNKED + b'3\r\n{"a\r\n4\r\n":1}\r\n0\r\n\r\n', GOOD):
            head, body = request.split(b"\r\n\r\n", 1)
            one.send(head + b"\r\n\r\n")
            for byte in body:
                time.sleep(0.02)
                one.send(bytes([byte]))
            answer = one.answer()
            assert answer.status == 202
            assert stub.acknowledged[orjson.loads(answer.body)["record_id"]] == b'{"a":1}'


def test_a_body_that_is_cut_off_after_some_bytes_is_refused_at_once(edge: Edge) -> None:
    with wire(edge) as one:
        one.send(POST + b"Content-Length: 7\r\n\r\n")
        for byte in b'{"a"':
            time.sleep(0.02)
            one.send(bytes([byte]))
        one.half_close()
        assert one.answer().status == 400


def test_a_head_that_is_refused_is_answered_by_a_head_alone(edge: Edge) -> None:
    with wire(edge) as one:
        one.send(b"HEAD / HTTP/1.1\r\nHost: x\r\nName: " + b"x" * 9000 + b"\r\n\r\n")
        head, _, body = one.rest().partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 431 ")
    assert body == b""
