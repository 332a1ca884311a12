"""Kinesis as it may fail: a small HTTP server whose next answers a test chooses."""

import base64
import json
import socket
import threading
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from enum import Enum, auto
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Final

SHARD: Final = "shardId-000000000000"
THROTTLED: Final = "ProvisionedThroughputExceededException"
SLOW_SECONDS: Final = 0.3


class Mood(Enum):
    """What the stub does with a PutRecords."""

    TAKE = auto()
    TAKE_SLOWLY = auto()
    REFUSE_EVERY_SECOND = auto()
    REFUSE_ALL = auto()
    FAIL = auto()
    THROTTLE = auto()
    HANG = auto()
    TAKE_AND_LOSE_THE_ANSWER = auto()
    TAKE_AND_ANSWER_GARBAGE = auto()
    TAKE_AND_ANSWER_TOO_FEW = auto()
    TAKE_AND_FORGET_THE_NUMBERS = auto()


@dataclass
class KinesisStub:
    """What the stub was asked and what it said; `mood` holds for the calls that `moods` says nothing of."""

    mood: Mood = Mood.TAKE
    moods: deque[Mood] = field(default_factory=deque)
    status: str = "ACTIVE"
    calls: list[list[bytes]] = field(default_factory=list)
    keys: dict[bytes, str] = field(default_factory=dict)
    acknowledged: dict[str, bytes] = field(default_factory=dict)
    raw: list[bytes] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)
    released: threading.Event = field(default_factory=threading.Event)
    port: int = 0

    def reset(self) -> None:
        """Forget everything, and take records again."""
        with self.lock:
            self.mood = Mood.TAKE
            for seen in (self.moods, self.calls, self.keys, self.raw):
                seen.clear()

    def asked(self, body: bytes) -> tuple[Mood, list[bytes]]:
        """Note a PutRecords and choose the mood for it."""
        records = json.loads(body)["Records"]
        bodies = [base64.b64decode(record["Data"]) for record in records]
        with self.lock:
            self.raw.append(body)
            self.calls.append(bodies)
            self.keys |= {body: record["PartitionKey"] for body, record in zip(bodies, records, strict=True)}
            return (self.moods.popleft() if self.moods else self.mood), bodies

    def answer(self, mood: Mood, bodies: list[bytes]) -> dict[str, Any]:
        """Acknowledge what the mood lets be acknowledged."""
        with self.lock:
            records = [self._fate(mood, place, body) for place, body in enumerate(bodies)]
        return {"FailedRecordCount": sum("ErrorCode" in record for record in records), "Records": records}

    def _fate(self, mood: Mood, place: int, body: bytes) -> dict[str, str]:
        if mood is Mood.REFUSE_ALL or (mood is Mood.REFUSE_EVERY_SECOND and place % 2):
            return {"ErrorCode": THROTTLED, "ErrorMessage": "Rate exceeded for shard"}
        number = f"{len(self.acknowledged):056}"
        self.acknowledged[f"{SHARD}:{number}"] = body
        return {"ShardId": SHARD, "SequenceNumber": number}


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    stub: KinesisStub

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if self.headers["X-Amz-Target"].endswith(".PutRecords"):
            self._put_records(*self.stub.asked(body))
        else:
            self._send(200, {"StreamDescriptionSummary": {"StreamStatus": self.stub.status}})

    def _put_records(self, mood: Mood, bodies: list[bytes]) -> None:
        match mood:
            case Mood.FAIL:
                self._send(500, {"__type": "InternalFailure"})
            case Mood.THROTTLE:
                self._send(400, {"__type": THROTTLED, "message": "Rate exceeded"})
            case Mood.HANG:
                self.stub.released.wait()
                self.close_connection = True
            case Mood.TAKE_AND_LOSE_THE_ANSWER:
                self.close_connection = True
            case Mood.TAKE_AND_ANSWER_GARBAGE:
                self._send(200, "<html>not Kinesis</html>")
            case Mood.TAKE_AND_ANSWER_TOO_FEW:
                one = {"ShardId": SHARD, "SequenceNumber": "1"}
                self._send(200, {"FailedRecordCount": 0, "Records": [one] * (len(bodies) - 1)})
            case Mood.TAKE_AND_FORGET_THE_NUMBERS:
                self._send(200, {"FailedRecordCount": 0, "Records": [{"ShardId": SHARD}] * len(bodies)})
            case _:
                if mood is Mood.TAKE_SLOWLY:
                    self.stub.released.wait(SLOW_SECONDS)
                self._send(200, self.stub.answer(mood, bodies))

    def _send(self, status: int, document: object) -> None:
        data = document.encode() if isinstance(document, str) else json.dumps(document).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/x-amz-json-1.1")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *_args: object) -> None:
        pass


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, address: tuple[str, int], handler: type[_Handler]) -> None:
        super().__init__(address, handler)
        self.connections: list[socket.socket] = []

    def get_request(self) -> tuple[socket.socket, Any]:
        connection, address = super().get_request()
        self.connections.append(connection)
        return connection, address

    def cut(self) -> None:
        """End every connection, as a host that goes away does."""
        for connection in self.connections:
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)

    def handle_error(self, *_args: object) -> None:
        """Say nothing: an edge that hung up is no news."""


@contextmanager
def serving(stub: KinesisStub) -> Iterator[KinesisStub]:
    """Serve the stub, on its port of before if it has one."""
    handler = type("Handler", (_Handler,), {"stub": stub})
    server = _Server(("127.0.0.1", stub.port), handler)
    stub.port = server.server_port
    stub.released.clear()
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    try:
        yield stub
    finally:
        stub.released.set()
        server.shutdown()
        server.cut()
        server.server_close()
        thread.join()
