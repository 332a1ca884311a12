"""A canary: requests with unmistakable marks everywhere but in their bodies, from an address of their own."""

from __future__ import annotations

import errno
import http.client
import socket
from typing import Final

ADDRESS: Final = "127.77.66.55"
"""Where the canary's connections come from: a loopback address that nothing else here has."""

MARK: Final = "kanarie7q9x"
FORWARDED: Final = ("203.0.113.77", "2001:db8::7:7e57")

MARKS: Final = [ADDRESS, MARK, *FORWARDED]
"""None of these may be kept."""

HEADERS: Final = {
    "User-Agent": f"{MARK}-agent/1.0",
    "X-Forwarded-For": f"{FORWARDED[0]}, {FORWARDED[1]}",
    "Forwarded": f'for={FORWARDED[0]};host={MARK}.example;by="[{FORWARDED[1]}]"',
    "X-Real-IP": FORWARDED[0],
    "True-Client-IP": FORWARDED[0],
    "CF-Connecting-IP": FORWARDED[1],
    "X-Forwarded-Host": f"{MARK}.example",
    "X-Forwarded-Proto": f"{MARK}",
    "X-Amzn-Trace-Id": f"Root={MARK}",
    "X-Amz-Cf-Id": MARK,
    "X-Request-Id": MARK,
    "Traceparent": f"00-{MARK}-01",
    "Via": f"1.1 {MARK}",
    "Cookie": f"session={MARK}",
    "Authorization": f"Bearer {MARK}",
    "Proxy-Authorization": f"Basic {MARK}",
    "Referer": f"https://{MARK}.example/{MARK}",
    "From": f"{MARK}@example.org",
    "Accept": f"application/{MARK}",
    "Accept-Language": MARK,
    "Accept-Encoding": MARK,
    "Cache-Control": f"max-age={MARK}",
    "If-None-Match": f'"{MARK}"',
    "Range": f"{MARK}=0-1",
    "X-Custom": MARK,
    f"X-{MARK}": "1",
}

QUERY: Final = f"?token={MARK}&{MARK}=1"

MALFORMED_REQUESTS: Final = (
    f"POST /v1/metrics{QUERY} HTTP/9.9\r\nX: {MARK}\r\n\r\n",
    f"{MARK}\r\n\r\n",
    f"GET /{MARK}\x00{QUERY} HTTP/1.1\r\nHost: {MARK}\r\n\r\n",
    f"POST /v1/metrics HTTP/1.1\r\nHost: x\r\n{MARK} : no name\r\n\r\n",
    f"POST /v1/metrics HTTP/1.1\r\nHost: x\r\nContent-Length: {MARK}\r\n\r\n",
    f"POST /v1/metrics HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n{MARK}\r\n",
    f"POST /v1/metrics HTTP/1.1\r\nHost: x\r\nContent-Length: 9999\r\nX: {MARK}\r\n\r\n{{",
    f"GET / HTTP/1.1\r\nHost: x\r\nX: {MARK * 20_000}\r\n\r\n",
    f"\x16\x03\x01\x02\x00\x01{MARK}",
)
"""What is no HTTP, ends too soon or is too long."""


def send(edge: str, method: str, path: str, body: bytes = b"", **headers: str) -> int:
    """Send a request with all the marks (`content_type` and the like come on top); return its status."""
    host, _, port = edge.partition(":")
    connection = http.client.HTTPConnection(host, int(port), timeout=30, source_address=(ADDRESS, 0))
    own = {name.replace("_", "-").title(): value for name, value in headers.items()}
    try:
        connection.request(method, path + QUERY, body, HEADERS | own)
        return connection.getresponse().status
    finally:
        connection.close()


def send_malformed(edge: str, text: str) -> bytes:
    """Send bytes that are no proper request, end the connection's sending side, return what is answered."""
    host, _, port = edge.partition(":")
    with socket.create_connection((host, int(port)), timeout=30, source_address=(ADDRESS, 0)) as connection:
        answer = b""
        try:
            connection.sendall(text.encode("latin-1"))
            connection.shutdown(socket.SHUT_WR)
            while part := connection.recv(65_536):
                answer += part
        except ConnectionError:
            pass  # the edge may end a connection that is of no use
        except OSError as error:
            if error.errno != errno.ENOTCONN:  # the same, seen by `shutdown`
                raise
        return answer
