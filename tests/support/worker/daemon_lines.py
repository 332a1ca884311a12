"""What the daemon writes to a child: its messages, as their Java classes turn them into JSON."""

from __future__ import annotations

from base64 import b64encode
from typing import TYPE_CHECKING, Any

import orjson

if TYPE_CHECKING:
    from stream_worker.stream.records import Records

Message = dict[str, Any]

LEASE_LOST: Message = {"action": "leaseLost"}
SHARD_ENDED: Message = {"action": "shardEnded"}
SHUTDOWN_REQUESTED: Message = {"action": "shutdownRequested"}


def initialize(shard_id: str, number: str | None = "TRIM_HORIZON", sub_number: int | None = 0) -> Message:
    return {
        "action": "initialize",
        "shardId": shard_id,
        "sequenceNumber": number,
        "subSequenceNumber": sub_number,
    }


def process_records(records: Records, behind: int | None = 0) -> Message:
    columns = (
        records.bodies,
        records.partition_keys,
        records.sequence_numbers,
        records.sub_sequence_numbers,
        records.arrivals,
    )
    rows = [
        {
            "action": "record",
            "data": b64encode(body).decode(),
            "partitionKey": key,
            "sequenceNumber": number,
            "approximateArrivalTimestamp": arrival,
            "subSequenceNumber": sub_number,
        }
        for body, key, number, sub_number, arrival in zip(*columns, strict=True)
    ]
    return {"action": "processRecords", "records": rows, "millisBehindLatest": behind}


def checkpointed(request: Message, error: str | None = None) -> Message:
    """Return the answer to a child's request for a checkpoint."""
    return request | {"error": error}


def line(message: Message) -> str:
    return orjson.dumps(message).decode() + "\n"
