"""The crowd is what it says: it sends what its kind sends, comes back when thrown out, goes when told."""

import socket
from collections.abc import Iterator

import pytest

from tests.strangers.kind import Kind
from tests.strangers.siege import crowd, honest

PATIENCE = 60.0


@pytest.fixture
def listener() -> Iterator[socket.socket]:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(PATIENCE)
        yield listener


def accept(listener: socket.socket) -> socket.socket:
    connection, _ = listener.accept()
    connection.settimeout(PATIENCE)
    return connection


def receive(connection: socket.socket, length: int) -> bytes:
    data = b""
    while len(data) < length and (more := connection.recv(length - len(data))):
        data += more
    return data


@pytest.mark.parametrize("kind", Kind.MIXED.members, ids=lambda kind: kind.value)
def test_a_stranger_sends_what_its_kind_sends_and_comes_back(listener: socket.socket, kind: Kind) -> None:
    sent = kind.conduct.first + kind.conduct.each_second * 2
    with crowd(listener.getsockname()[1], kind, number=1) as strangers:
        with accept(listener) as first:
            assert receive(first, len(sent)) == sent
            assert strangers.wait(lambda report: report.up == 1, PATIENCE)
            assert strangers.report.ends == {}
        with accept(listener) as second:
            assert receive(second, len(sent)) == sent
            report = strangers.leave()
            while second.recv(4096):
                pass  # what was sent before it left
    assert report.opened == 2
    assert report.first == {kind.value: 0}
    assert sum(report.ends.values()) == 1


def test_answers_are_counted_by_those_who_read_them(listener: socket.socket) -> None:
    with crowd(listener.getsockname()[1], Kind.STALLED, number=1) as strangers, accept(listener) as first:
        first.sendall(b"HTTP/1.1 408 Request Timeout\r\nContent-Length: 0\r\n\r\n")
        assert strangers.wait(lambda report: report.answers == {"stalled 408": 1}, PATIENCE)


def test_a_mixed_crowd_has_all_kinds_in_equal_numbers(listener: socket.socket) -> None:
    number = 2 * len(Kind.MIXED.members)
    with crowd(listener.getsockname()[1], Kind.MIXED, number) as strangers:
        assert strangers.report.first == {kind.value: 2 for kind in Kind.MIXED.members}


def test_an_honest_connection_that_is_dropped_is_counted(listener: socket.socket) -> None:
    with honest(listener.getsockname()[1], connections=2) as load:
        accept(listener).close()
        with accept(listener) as second:
            second.recv(4096)
            second.sendall(b"HTTP/1.1 202 X\r\nContent-Length: 0\r\n\r\n")
            second.recv(4096)
        assert load.leave() == {"202": 1, "dropped": 2}
