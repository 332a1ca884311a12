"""The worst bodies on a stream, honest reports among them, and what should become of each."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Final

from schemas.report import LONGEST_BYTES
from tests.strangers.worst_bodies import KINDS, MIB, noise, worst
from tests.support.worker.samples import body, records

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from mypy_boto3_kinesis import KinesisClient

    from stream_worker.stream.records import Records
    from tests.support.truth import Place

Told = tuple[bytes, str]
"""A record's body, and what should become of it."""

_HONEST_EVERY: Final = 16
_REQUEST_BYTES: Final = MIB  # with a MiB in it a record is alone in its request
_PAGE_BYTES: Final = 10 * MIB  # what GetRecords gives at most, and the daemon hands on
_REQUEST_RECORDS: Final = 400


def poisoned(length: int, total: int) -> Iterator[Told]:
    """Yield `total` bytes of the worst bodies of one length, some reports among them, with their outcomes."""
    for number, bad in enumerate(worst(length, total)):
        is_json = KINDS[number % len(KINDS)] is not noise
        yield bad, "invalid" if is_json and length <= LONGEST_BYTES else "malformed"
        if number % _HONEST_EVERY == 0:
            yield body(number), "accepted"


def put(kinesis: KinesisClient, stream: str, given: Iterable[Told]) -> Mapping[Place, str]:
    """Put the records in their order; return the outcome that belongs to each place."""
    expected: dict[Place, str] = {}
    for some in _packed(given, _REQUEST_BYTES):
        keys = [f"key-{len(expected) + place}" for place in range(len(some))]
        entries = [{"Data": data, "PartitionKey": key} for (data, _), key in zip(some, keys, strict=True)]
        if len(some) > 1:
            answer = kinesis.put_records(StreamName=stream, Records=entries)["Records"]  # type: ignore[arg-type] # plain dicts
            places = [(one["ShardId"], one["SequenceNumber"]) for one in answer]
        else:  # the emulator's PutRecords still takes 1 MiB a record at most, its PutRecord what it is given
            one = kinesis.put_record(StreamName=stream, Data=some[0][0], PartitionKey=keys[0])
            places = [(one["ShardId"], one["SequenceNumber"])]
        for (shard_id, number), (_, outcome) in zip(places, some, strict=True):
            expected[shard_id, int(number), 0] = outcome
    return expected


def pages(given: Iterable[Told]) -> Iterator[tuple[Records, list[str]]]:
    """Yield the records as the daemon hands them on, 10 MiB at a time, with their outcomes.

    They arrive now: about older ones a child asks the stream, which does not know these positions.
    """
    first = 0
    for some in _packed(given, _PAGE_BYTES):
        arrivals = [time.time_ns() // 1_000_000] * len(some)
        yield records([data for data, _ in some], first, arrivals), [outcome for _, outcome in some]
        first += len(some)


def _packed(given: Iterable[Told], most: int) -> Iterator[list[Told]]:
    """Yield what has `most` bytes together, or is one record alone."""
    some, size = list[Told](), 0
    for one in given:
        if some and (size + len(one[0]) > most or len(some) == _REQUEST_RECORDS):
            yield some
            some, size = [], 0
        some.append(one)
        size += len(one[0])
    yield some
