"""What stands in for Kinesis: acknowledges every record at once, or none, and keeps none.

It speaks as much of the JSON protocol as boto3 needs for PutRecords, PutRecord and DescribeStreamSummary,
over HTTP/1.1 with keep-alive, and has its answers ready so that it is never what is measured. What it
acknowledges it numbers: no sequence number is given twice.
"""

import argparse
import asyncio
import json
import re
from enum import Enum
from functools import cache, partial
from itertools import count
from typing import Final, cast

SHARD: Final = "shardId-000000000000"

_THROTTLED: Final = "ProvisionedThroughputExceededException"

_CALL: Final = b"#" * 44  # where the number of the call goes; the record's place in it follows, 4 digits
_LENGTH: Final = re.compile(rb"\r\ncontent-length: *([0-9]+)", re.IGNORECASE)
_TARGET: Final = re.compile(rb"\r\nx-amz-target: *Kinesis_20131202\.([A-Za-z]+)", re.IGNORECASE)
_RECORD: Final = b'"PartitionKey":'  # once a record: data is in base64, and a quote inside a key is escaped


class Mood(Enum):
    """What becomes of every PutRecords."""

    TAKE = "take"
    THROTTLE = "throttle"
    """The call fails as a whole."""

    REFUSE = "refuse"
    """The call succeeds, and each of its records fails."""

    HANG = "hang"
    """The call is never answered."""


class Stub(asyncio.Protocol):
    """One connection."""

    _calls = count(1)

    def __init__(self, mood: Mood) -> None:
        self._mood = mood
        self._received = b""
        self._transport: asyncio.Transport

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        """Answer the requests that have arrived whole."""
        self._received += data
        while (head_end := self._received.find(b"\r\n\r\n")) >= 0:
            head = self._received[:head_end]
            length = _LENGTH.search(head)
            end = head_end + 4 + (int(length[1]) if length else 0)
            if len(self._received) < end:
                return
            body, self._received = self._received[head_end + 4 : end], self._received[end:]
            self._transport.write(self._answer(head, body))

    def _answer(self, head: bytes, body: bytes) -> bytes:
        target = _TARGET.search(head)
        operation = target[1].decode() if target else ""
        records = body.count(_RECORD) if operation == "PutRecords" else 1
        if operation == "PutRecords" and self._mood is not Mood.TAKE:
            return _refusal(self._mood, records)
        return _answer(operation, records).replace(_CALL, b"%044d" % next(self._calls))


@cache
def _refusal(mood: Mood, records: int) -> bytes:
    """Return the whole HTTP response to a PutRecords that is not taken; nothing if it hangs."""
    match mood:
        case Mood.THROTTLE:
            return _response({"__type": _THROTTLED, "message": "Rate exceeded"}, "400 Bad Request")
        case Mood.REFUSE:
            refused = [{"ErrorCode": _THROTTLED, "ErrorMessage": "Rate exceeded"}] * records
            return _response({"FailedRecordCount": records, "Records": refused})
        case _:
            return b""


@cache
def _answer(operation: str, records: int) -> bytes:
    """Return the whole HTTP response, with `_CALL` in place of the call's number."""
    stored = [{"SequenceNumber": f"{_CALL.decode()}{place:04}", "ShardId": SHARD} for place in range(records)]
    match operation:
        case "PutRecords":
            return _response({"FailedRecordCount": 0, "Records": stored})
        case "PutRecord":
            return _response(stored[0])
        case "DescribeStreamSummary":
            return _response({"StreamDescriptionSummary": {"StreamStatus": "ACTIVE", "OpenShardCount": 1}})
        case _:
            return _response({"__type": "UnknownOperationException"}, "400 Bad Request")


def _response(document: object, status: str = "200 OK") -> bytes:
    body = json.dumps(document, separators=(",", ":")).encode()
    head = (f"HTTP/1.1 {status}", "Content-Type: application/x-amz-json-1.1", f"Content-Length: {len(body)}")
    return "\r\n".join((*head, "", "")).encode() + body


async def serve(port: int, mood: Mood) -> None:
    """Serve on this loopback port until cancelled."""
    server = await asyncio.get_running_loop().create_server(
        partial(Stub, mood), "127.0.0.1", port, reuse_port=True
    )
    async with server:
        await server.serve_forever()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--mood", type=Mood, default=Mood.TAKE)
    given = parser.parse_args()
    asyncio.run(serve(given.port, given.mood))
