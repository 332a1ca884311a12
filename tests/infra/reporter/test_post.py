"""One POST: every end it can have is an answer."""

from __future__ import annotations

import socket
import time
from email.utils import formatdate

import pytest

from infra.local.ports import LOOPBACK
from infra.reporter.function.usage_reporter.post import Answer, post
from tests.support.reporter.server import Reply, Server, problem


def test_the_document_arrives_as_json_and_says_nothing_of_the_sender(server: Server) -> None:
    answer = post(server.url, b'{"a":1}')
    assert answer == Answer(202)
    assert answer.taken
    (asked,) = server.asked
    assert (asked.method, asked.path, asked.body) == ("POST", "/v1/metrics", b'{"a":1}')
    assert asked.headers["Content-Type"] == "application/json"
    assert asked.headers.keys() == {
        "Accept-Encoding",
        "Connection",
        "Content-Length",
        "Content-Type",
        "Host",
        "User-Agent",
    }
    assert asked.headers["User-Agent"] == "usage-reporter"


def test_no_proxy_is_asked(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("no_proxy", "")
    monkeypatch.setenv("http_proxy", f"http://{LOOPBACK}:1")
    assert post(server.url, b"{}") == Answer(202)
    assert server.asked[0].headers["Host"] == server.url.split("/")[2]


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_no_redirect_is_followed(server: Server, status: int) -> None:
    server.replies = [Reply(status, headers={"Location": f"{server.url}/elsewhere"}), Reply(202)]
    answer = post(server.url, b"{}")
    assert (answer.status, answer.taken, answer.passing) == (status, False, False)
    assert len(server.asked) == 1


@pytest.mark.parametrize("status", [400, 401, 403, 404, 409, 413, 415])
def test_a_refusal_is_final_and_has_the_servers_words(server: Server, status: int) -> None:
    server.replies = [problem(status, "No", "Mend the client.")]
    answer = post(server.url, b"{}")
    assert answer == Answer(status, None, "No", "Mend the client.")
    assert not answer.taken
    assert not answer.passing


@pytest.mark.parametrize("status", [408, 429, 500, 502, 503, 504])
def test_a_trouble_of_the_server_passes(server: Server, status: int) -> None:
    server.replies = [problem(status, "Busy", "Later.", Retry_After="7")]
    answer = post(server.url, b"{}")
    assert answer.passing
    assert answer.retry_after == 7


def test_retry_after_may_be_a_date(server: Server) -> None:
    server.replies = [Reply(503, headers={"Retry-After": formatdate(time.time() + 3600, usegmt=True)})]
    found = post(server.url, b"{}").retry_after
    assert found is not None
    assert 3000 < found <= 3600


@pytest.mark.parametrize("value", ["soon", "-3", "1.5", "²", "Fri, 99 Foo"])
def test_a_retry_after_that_says_nothing_is_none(server: Server, value: str) -> None:
    server.replies = [Reply(503, headers={"Retry-After": value})]
    assert post(server.url, b"{}").retry_after is None


@pytest.mark.parametrize(
    "reply",
    [
        Reply(400, b'{"title": "secret"}', {"Content-Type": "text/html"}),
        Reply(400, b"{", {"Content-Type": "application/problem+json"}),
        Reply(400, b"[]", {"Content-Type": "application/problem+json"}),
        Reply(400, b'{"title": 3, "detail": null}', {"Content-Type": "application/problem+json"}),
        Reply(400, b"\xff", {"Content-Type": "application/problem+json"}),
    ],
)
def test_what_is_no_problem_document_is_not_quoted(server: Server, reply: Reply) -> None:
    server.replies = [reply]
    assert post(server.url, b"{}") == Answer(400)


def test_a_long_text_is_cut(server: Server) -> None:
    server.replies = [problem(400, "t" * 900, "d" * 900)]
    answer = post(server.url, b"{}")
    assert (answer.title, answer.detail) == ("t" * 500, "d" * 500)


def test_a_server_that_is_silent_is_a_time_out(server: Server) -> None:
    server.replies = [Reply(hangs=True)]
    answer = post(server.url, b"{}", seconds=0.2)
    assert answer == Answer(error="TimeoutError")
    assert answer.passing


def test_a_connection_that_breaks_passes(server: Server) -> None:
    server.replies = [Reply(None)]
    answer = post(server.url, b"{}")
    assert answer == Answer(error="RemoteDisconnected")
    assert answer.passing


def test_a_connection_that_is_refused_passes() -> None:
    with socket.socket() as bound:  # bound and not listening: nobody else gets the port, and none answers
        bound.bind((LOOPBACK, 0))
        answer = post(f"http://{LOOPBACK}:{bound.getsockname()[1]}/", b"{}")
    assert answer == Answer(error="ConnectionRefusedError")
    assert answer.passing


def test_a_server_that_speaks_no_tls_passes(server: Server) -> None:
    answer = post(server.url.replace("http://", "https://"), b"{}", seconds=5)
    assert answer.status is None
    assert answer.passing
