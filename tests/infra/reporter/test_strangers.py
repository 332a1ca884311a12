"""Whatever a server does, a try ends by its deadline with an answer, and its connection with it."""

from __future__ import annotations

import socket
import threading
import time
from typing import Any

import pytest

from infra.local.ports import LOOPBACK
from infra.reporter.function.usage_reporter.deadline import within
from infra.reporter.function.usage_reporter.post import Answer, post
from tests.support.reporter.misbehaving import ENDLESS, ENDLESS_BODY, FLOODS, misbehave
from tests.support.reporter.server import Reply, Server

SHORT = 0.5
LONG = 30
"""What no busy machine needs, and far less than the servers go on for."""

PROBLEM = {"Content-Type": "application/problem+json"}


@pytest.mark.parametrize("kind", ENDLESS)
@pytest.mark.parametrize("scheme", ["http", "https"])
def test_a_server_that_never_ends_is_cut_at_the_deadline(kind: str, scheme: str) -> None:
    seconds, pieces = ENDLESS[kind]
    if scheme == "https":  # TLS records of 16 KiB, a byte at a time: the handshake never ends
        pieces = [b"\x16\x03\x03\x40\x00", *[b"\x02"] * 10_000] if pieces else ()
    started = time.monotonic()
    with misbehave(pieces, seconds) as server:
        answer = post(f"{scheme}://{LOOPBACK}:{server.port}/v1/metrics", b"{}", SHORT)
        assert time.monotonic() - started < LONG
        assert answer.status is None
        assert answer.error == "TimeoutError"
        assert answer.passing
        assert server.ended.wait(LONG), "the connection outlives the try"


def test_the_status_counts_though_the_body_never_ends() -> None:
    seconds, pieces = ENDLESS_BODY
    with misbehave(pieces, seconds) as server:
        answer = post(f"http://{LOOPBACK}:{server.port}/v1/metrics", b"{}", 5)
        assert answer == Answer(413)
        assert server.ended.wait(LONG)


@pytest.mark.parametrize("kind", FLOODS)
def test_a_server_that_sends_too_much_is_read_no_further(kind: str) -> None:
    with misbehave(FLOODS[kind]) as server:
        answer = post(f"http://{LOOPBACK}:{server.port}/v1/metrics", b"{}", LONG)
        assert answer.error in {"ResponseTooLongError", "LineTooLong", "HTTPException", "BadStatusLine"}
        assert answer.passing
        assert server.ended.wait(LONG)


def test_work_without_end_is_left_behind() -> None:
    released = threading.Event()
    with pytest.raises(TimeoutError):
        within(0.1, released.wait)
    released.set()


def test_without_time_the_work_is_not_begun() -> None:
    begun = threading.Event()
    with pytest.raises(TimeoutError):
        within(0, begun.set)
    assert not begun.is_set()


def test_what_the_work_raises_is_raised() -> None:
    with pytest.raises(ZeroDivisionError):
        within(LONG, lambda: 1 // 0)


def test_a_name_that_resolves_too_late_is_sent_nothing(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    # No resolver on this machine can be made to hang, so the standard library's call does.
    released, resolve = threading.Event(), socket.getaddrinfo
    threads: list[threading.Thread] = []

    def hangs(*given: Any, **named: Any) -> Any:  # noqa: ANN401 - as it is called
        threads.append(threading.current_thread())
        released.wait(LONG)
        return resolve(*given, **named)

    monkeypatch.setattr(socket, "getaddrinfo", hangs)
    assert post(server.url, b"{}", 0.1) == Answer(error="TimeoutError")
    released.set()
    threads[0].join(LONG)
    assert not threads[0].is_alive()
    assert server.asked == []


@pytest.mark.parametrize(
    "body",
    [
        b"[" * 8000,
        b'{"title":' * 900,
        b'{"status": ' + b"9" * 8000 + b"}",
        b'{"title": "cut',
        b"\xef\xbb\xbf{}",
        b'{"title": NaN, "detail": {}}',
        b"",
    ],
)
def test_a_problem_document_that_cannot_be_read_leaves_the_status(server: Server, body: bytes) -> None:
    server.replies = [Reply(400, body, PROBLEM)]
    assert post(server.url, b"{}") == Answer(400)


def test_a_text_that_would_deceive_the_logs_reader_is_made_plain(server: Server) -> None:
    server.replies = [
        Reply(
            400, b'{"title": "a\\n\\u001b[31mb\\u0000", "detail": "c\\u202ed\\u2028e\\ud800\\u00e9"}', PROBLEM
        )
    ]
    answer = post(server.url, b"{}")
    assert answer.title == "a\ufffd\ufffd[31mb\ufffd"
    assert answer.detail == "c\ufffdd\ufffde\ufffd\u00e9"


@pytest.mark.parametrize("value", ["9" * 39, "9" * 400, "9" * 5000, "9" * 60_000])
def test_an_enormous_retry_after_is_later_than_the_last_try(server: Server, value: str) -> None:
    server.replies = [Reply(503, headers={"Retry-After": value})]
    answer = post(server.url, b"{}")
    assert answer.status == 503
    assert answer.retry_after is not None
    assert answer.retry_after > 1e38


@pytest.mark.parametrize("status", [102, 103, 199])
def test_an_interim_status_decides_nothing(server: Server, status: int) -> None:
    server.replies = [Reply(status)]
    answer = post(server.url, b"{}")
    assert (answer.status, answer.taken, answer.passing) == (status, False, True)


@pytest.mark.parametrize("url", ["", "https://", "https://[", "https://a:b/", "https://127.0.0.1:99999/"])
def test_a_url_that_cannot_be_called_is_an_error_and_no_exception(url: str) -> None:
    answer = post(url, b"{}", LONG)
    assert answer.status is None
    assert answer.error
