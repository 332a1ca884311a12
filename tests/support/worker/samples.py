"""Reports and records for the worker's tests."""

import random
import uuid
from collections.abc import Iterable
from typing import Any

import orjson

from schemas.report import COUNTERS
from stream_worker.stream.records import Records
from stream_worker.stream.shard import Shard

SHARD = Shard(1_700_000_000, "shardId-000000000000")
DAY = "2026-11-22"
NOON = 1_795_348_800_000
"""Noon of `DAY`, in milliseconds since 1970 UTC."""

MIDNIGHT = NOON + 43_200_000
"""The end of `DAY`."""

FIRST = 49_590_338_271_490_256_608_559_692_538_361_571_095_921_575_989_136_588_898
"""A sequence number as Kinesis makes them."""


def nonce(number: int) -> str:
    """Return the same random-looking stack_id for the same number."""
    return str(uuid.UUID(int=random.Random(number).getrandbits(128), version=4))


def report(number: int = 0, **changes: object) -> dict[str, Any]:
    """Return a valid report of deployment `number`, changed where wanted."""
    metrics = {name: number + place for place, name in enumerate(COUNTERS)}
    return {"version": "1.2.3", "stack_id": nonce(number), "metrics": metrics} | changes


def body(number: int = 0, **changes: object) -> bytes:
    """Return the same as JSON."""
    return orjson.dumps(report(number, **changes))


FORGED = body(900, stack_id="11111111-1111-4111-8111-111111111111")
INVALID = body(901, version="")
MALFORMED = b"{not json"


def records(bodies: Iterable[bytes], first: int = 0, arrivals: Iterable[int] | None = None) -> Records:
    """Return consecutive records that arrive a millisecond apart, numbered from `FIRST + first`."""
    held = list(bodies)
    times = list(arrivals) if arrivals else [NOON + first + place for place in range(len(held))]
    return Records(
        bodies=held,
        partition_keys=[f"key-{first + place}" for place in range(len(held))],
        sequence_numbers=[str(FIRST + first + place) for place in range(len(held))],
        sub_sequence_numbers=[0] * len(held),
        arrivals=times,
    )
