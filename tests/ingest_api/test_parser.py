"""How bytes become requests, by value: whole, byte by byte, and cut anywhere."""

import gc
import itertools
import tracemalloc
import weakref

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest_api.serving.limits import BODY_BYTES, CODED_BODY_BYTES, HEAD_BYTES, PIPELINED
from ingest_api.serving.parser import Part, RequestParser
from ingest_api.serving.request import Refused, Request

POST = b"POST /v1/metrics HTTP/1.1\r\nHost: x\r\n"
CHUNKED = POST + b"Transfer-Encoding: chunked\r\n\r\n"
GET = b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"
UPGRADE = (
    b"Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAoAAAAAIAAAAA\r\n"
)


def parsed(*pieces: bytes) -> RequestParser:
    parser = RequestParser()
    for piece in pieces:
        parser.feed(piece)
    return parser


def found(parser: RequestParser) -> list[bytes | int]:
    """Return what is ready: the body of each request, the status of a refusal."""
    return [one.body if isinstance(one, Request) else one.problem.status.value for one in parser.ready]


@pytest.mark.parametrize(
    ("data", "bodies"),
    [
        (POST + b"Content-Length: 2\r\n\r\n{}", [b"{}"]),
        (POST + b"Content-Length: 2\r\n\r\n{}" + GET + GET, [b"{}", b"", b""]),
        (CHUNKED + b"1\r\n{\r\n1;extension=1\r\n}\r\n0\r\nTrailer: 1\r\n\r\n" + GET, [b"{}", b""]),
        (b"\r\n\r\n" + GET + b"\r\n" + GET, [b"", b""]),
        (POST + UPGRADE + b"Content-Length: 2\r\n\r\n{}" + GET, [b"{}", b""]),
        (POST + UPGRADE + b"Transfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n" + GET, [b"{}", b""]),
        (b"GET / HTTP/1.1\r\nHost: x\r\n" + UPGRADE + b"\r\n" + GET, [b"", b""]),
    ],
    ids=["length", "pipelined", "chunked", "empty lines", "upgrade", "upgrade chunked", "upgrade get"],
)
@given(cuts=st.lists(st.integers(0, 400), max_size=5))
def test_requests_are_read_however_they_are_cut(data: bytes, bodies: list[bytes], cuts: list[int]) -> None:
    places = sorted({0, len(data), *(cut for cut in cuts if cut < len(data))})
    parser = parsed(*(data[start:end] for start, end in itertools.pairwise(places)))
    assert found(parser) == bodies
    assert not parser.ended
    assert parser.part is Part.NOTHING


@pytest.mark.parametrize(
    "data",
    [
        POST + b"Content-Length: 2\r\nContent-Length: 2\r\n\r\n{}",
        POST + b"Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        POST + b"Content-Length: x\r\n\r\n",
        POST + b"Content-Length: -1\r\n\r\n",
        POST + b"Content-Length: 99999999999999999999999\r\n\r\n",
        POST + b"Transfer-Encoding: gzip\r\n\r\n",
        POST + b"Name : value\r\n\r\n",
        CHUNKED + b"g\r\n",
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        b"GET / HTTP/3.0\r\n\r\n",
        b"GET\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
        b"CONNECT elsewhere:443 HTTP/1.1\r\nHost: x\r\n\r\n",
    ],
)
@pytest.mark.parametrize("step", [1, 1000])
def test_broken_framing_is_400_and_the_end(data: bytes, step: int) -> None:
    parser = parsed(*(data[place : place + step] for place in range(0, len(data), step)), GET)
    assert found(parser) == [400]
    assert parser.ended


@pytest.mark.parametrize("step", [1, 1_000_000])
@pytest.mark.parametrize(
    ("data", "status"),
    [
        (b"GET /" + b"x" * HEAD_BYTES + b" HTTP/1.1\r\nHost: x\r\n\r\n", 431),
        (b"GET / HTTP/1.1\r\nHost: x\r\nName: " + b"x" * HEAD_BYTES + b"\r\n\r\n", 431),
        (b"GET / HTTP/1.1\r\nHost: x\r\n" + b"N: x\r\n" * HEAD_BYTES, 431),
        (POST + b"Content-Length: %d\r\n\r\n" % (BODY_BYTES + 1), 413),
        (CHUNKED + b"%x\r\n%b\r\n0\r\n\r\n" % (BODY_BYTES + 1, b"x" * (BODY_BYTES + 1)), 413),
        (CHUNKED + b"1;%b\r\nx\r\n" % (b"x" * (HEAD_BYTES + CODED_BODY_BYTES)), 413),
        (CHUNKED + b"0\r\nTrailer: " + b"x" * (HEAD_BYTES + CODED_BODY_BYTES), 413),
    ],
    ids=["target", "field", "fields", "length", "chunked", "extension", "trailer"],
)
def test_what_is_too_long_is_refused_before_it_has_come(data: bytes, status: int, step: int) -> None:
    parser = parsed(*(data[place : place + step] for place in range(0, len(data), step)))
    assert found(parser) == [status]
    assert parser.ended


def test_what_is_too_long_is_refused_behind_a_whole_request_too() -> None:
    for too_long in (
        b"GET / HTTP/1.1\r\nHost: x\r\nName: ",
        b"GET /",
        b"GET / HTTP/1.1\r\nHost: x\r\n" + b"N: x\r\n" * HEAD_BYTES,
    ):
        assert found(parsed(GET + too_long + b"x" * 3 * HEAD_BYTES)) == [b"", 431]


def test_a_body_takes_no_more_memory_than_its_bytes_however_it_is_cut() -> None:
    tracemalloc.start()
    try:
        before = tracemalloc.get_traced_memory()[0]
        parser = parsed(CHUNKED, b"2\r\nxx\r\n" * (BODY_BYTES // 2))
        held = tracemalloc.get_traced_memory()[0] - before
    finally:
        tracemalloc.stop()
    assert parser.part is Part.BODY
    assert held < 4 * BODY_BYTES


def test_the_longest_body_is_taken_in_chunks_of_one_byte_too() -> None:
    body = b"x" * BODY_BYTES
    assert found(parsed(CHUNKED + b"1\r\nx\r\n" * BODY_BYTES + b"0\r\n\r\n")) == [body]
    assert found(parsed(POST + b"Content-Length: %d\r\n\r\n" % BODY_BYTES + body)) == [body]


def test_requests_sent_ahead_are_bounded_and_the_last_one_ends_the_connection() -> None:
    parser = parsed(GET * 1000)
    requests = [one for one in parser.ready if isinstance(one, Request)]
    assert len(parser.ready) == len(requests) == PIPELINED
    assert [one.keep_alive for one in requests] == [True] * (PIPELINED - 1) + [False]
    assert parser.ended


@pytest.mark.parametrize(
    ("data", "keep_alive"),
    [
        (GET, True),
        (b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", False),
        (b"GET / HTTP/1.0\r\n\r\n", False),
        (b"GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n", True),
        (b"GET / HTTP/1.1\r\nHost: x\r\nConnection: Upgrade, close\r\nUpgrade: h2c\r\n\r\n", False),
        (b"GET / HTTP/1.0\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n", False),
    ],
)
def test_a_connection_is_kept_as_http_says(data: bytes, *, keep_alive: bool) -> None:
    parser = parsed(data + GET)
    first = parser.ready[0]
    assert isinstance(first, Request)
    assert first.keep_alive is keep_alive
    assert len(parser.ready) == 1 + keep_alive


def test_of_the_head_only_what_the_application_needs_is_kept() -> None:
    head = (
        b"POST /p%20q?r=s HTTP/1.1\r\nHost: h\r\nUser-Agent: marked\r\nCookie: marked\r\n"
        b"X-Forwarded-For: marked\r\nContent-Type: application/json\r\nOrigin: o\r\norigin: p\r\n"
        b"Sec-Fetch-Site: none\r\nContent-Encoding: gzip\r\nContent-Length: 2\r\n\r\n{}"
    )
    request = parsed(head).ready[0]
    assert isinstance(request, Request)
    environ = request.environ({})
    assert "marked" not in str(environ)
    body = environ.pop("wsgi.input")
    assert body.read() == b"{}"
    assert environ == {
        "REQUEST_METHOD": "POST",
        "PATH_INFO": "/p q",
        "QUERY_STRING": "r=s",
        "CONTENT_LENGTH": "2",
        "CONTENT_TYPE": "application/json",
        "HTTP_CONTENT_ENCODING": "gzip",
        "HTTP_HOST": "h",
        "HTTP_ORIGIN": "o,p",
        "HTTP_SEC_FETCH_SITE": "none",
    }


@pytest.mark.parametrize(
    ("target", "path"),
    [
        (b"http://host/v1/metrics", "/v1/metrics"),
        (b"http://host", "/"),
        (b"*", "*"),
        (b"/%E2%82%AC", "/\xe2\x82\xac"),
        (b"/a?b?c", "/a"),
        (b"//double", "//double"),
    ],
)
def test_the_path_is_what_wsgi_calls_it(target: bytes, path: str) -> None:
    method = b"OPTIONS" if target == b"*" else b"GET"
    request = parsed(method + b" " + target + b" HTTP/1.1\r\nHost: x\r\n\r\n").ready[0]
    assert isinstance(request, Request)
    assert request.environ({})["PATH_INFO"] == path


@pytest.mark.parametrize("data", [GET[:-1], POST + b"Content-Length: 2\r\n\r\n{", CHUNKED + b"2\r\n{}\r\n"])
def test_a_request_that_breaks_off_is_refused(data: bytes) -> None:
    parser = parsed(data)
    parser.cut_off()
    assert found(parser) == [400]


def test_a_connection_that_ends_between_requests_is_refused_nothing() -> None:
    parser = parsed(GET)
    parser.cut_off()
    assert found(parser) == [b""]


@given(st.binary(max_size=300), st.binary(max_size=300))
def test_no_bytes_break_the_parser(first: bytes, second: bytes) -> None:
    parser = parsed(first, second, GET + second)
    parser.cut_off()
    for one in parser.ready:
        if isinstance(one, Refused):
            assert one.problem.status.value in {400, 413, 431}
        else:
            one.environ({})


@pytest.mark.parametrize(
    ("lines", "status"),
    [
        (b"GET / HTTP/1.1\r\n", 400),
        (b"GET / HTTP/1.1\r\nHost: x\r\nHost: x\r\n", 400),
        (b"GET / HTTP/1.0\r\nHost: x\r\nhost: y\r\n", 400),
        (b"GET / HTTP/1.1\r\nHost: \r\n", b""),
        (b"GET / HTTP/1.0\r\n", b""),
    ],
    ids=["none", "two", "two in 1.0", "an empty one", "none in 1.0"],
)
def test_a_request_has_one_host(lines: bytes, status: int | bytes) -> None:
    assert found(parsed(lines + b"\r\n")) == [status]


HEAD = b"HEAD / HTTP/1.1\r\nHost: x\r\n"


@pytest.mark.parametrize(
    ("data", "head"),
    [
        (HEAD + b"Name: " + b"x" * HEAD_BYTES + b"\r\n\r\n", True),
        (HEAD + b"Content-Length: many\r\n\r\n", True),
        (HEAD + UPGRADE + b"Transfer-Encoding: chunked\r\n\r\nz\r\n", True),
        (HEAD + b"\r\nnonsense\r\n\r\n", False),
        (HEAD + b"\r\nPO", False),
        (POST + b"Content-Length: many\r\n\r\n", False),
    ],
)
def test_a_refusal_says_whether_a_head_alone_was_asked_for(data: bytes, *, head: bool) -> None:
    parser = parsed(data)
    parser.cut_off()
    refused = parser.ready[-1]
    assert isinstance(refused, Refused)
    assert refused.head is head


@pytest.mark.parametrize(
    "data",
    [
        GET,
        POST + b"Content-Length: 9000\r\n\r\n",
        CHUNKED + b"2001\r\n" + b" " * 8193,
        b"GET / HTTP/1.1\r\n\r\n",
        b"GET / HTTP/1.1\r\nName: " + b"x" * HEAD_BYTES + b"\r\n\r\n",
        b"nonsense\r\n\r\n",
    ],
    ids=["taken", "413", "413 in chunks", "no host", "431", "broken"],
)
def test_a_closed_parser_leaves_nothing_to_the_garbage_collector(data: bytes) -> None:
    gc.collect()
    gc.disable()
    try:
        parser = parsed(data)
        gone = weakref.ref(parser)
        parser.close()
        del parser
        assert gone() is None
    finally:
        gc.enable()
