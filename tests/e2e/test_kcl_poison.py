"""What no producer should put, on the real daemon: each record ends in its place, and nothing else ends."""

from __future__ import annotations

import base64
from pathlib import Path
from typing import TYPE_CHECKING, Final

import pytest

from schemas.report import LONGEST_BYTES
from stream_worker.stream.aggregates import take_apart
from stream_worker.stream.kinesis import KinesisStream, to_records
from stream_worker.stream.kpl import parse
from tests.support import truth
from tests.support.e2e import aggregates, family
from tests.support.e2e.installation import count
from tests.support.e2e.reshard import open_shards, split
from tests.support.local.shards import Reader
from tests.support.worker.samples import FORGED, INVALID, MALFORMED, body, nonce

if TYPE_CHECKING:
    from collections.abc import Iterator

    from infra.local.process import Process
    from tests.support.e2e.installation import Installation

pytestmark = pytest.mark.parametrize("engine", ["kcl"])

SECONDS = 90
LIMITS = {"flush_records": 100, "flush_seconds": 0.5, "kcl_failover_seconds": 2}
MIB = 1024 * 1024
JVM_MIB = 900  # resident at its peak; 640 of them are the heap
CHILD_MIB = 300
MARK = "3e1f5a77-marked"
KEY = f"{MARK}-key"


def poison() -> dict[bytes, str]:
    """Return bodies that are hard to read, and what must become of each."""
    numbers = iter(range(10**6, 10**7))

    def counter(text: bytes) -> bytes:
        head, name, rest = body(next(numbers)).partition(b'"tokenizeSuccess":')
        return head + name + text + rest[rest.index(b",") :]

    def version(text: bytes) -> bytes:
        return body(next(numbers)).replace(b"1.2.3", text)

    def report() -> bytes:
        return body(next(numbers))

    mark = MARK.encode()
    return {
        b"": "malformed",
        b"\0": "malformed",
        b"\r\n": "malformed",
        b"\xff\xfe" + mark: "malformed",
        mark + b"\r\n\0\n\xe2\x80\xa8": "malformed",
        b"[" * MIB: "malformed",
        b'{"a":' * 100_000 + b"1" + b"}" * 100_000: "malformed",
        counter(b"NaN"): "malformed",
        counter(b"-Infinity"): "malformed",
        counter(b"1e999"): "malformed",
        counter(b"9" * 5000): "malformed",
        counter(b"9007199254740992"): "invalid",
        counter(b"18446744073709551616"): "invalid",
        counter(b"1e3"): "accepted",
        version(b"\\ud800"): "malformed",
        version(b"\xed\xa0\x80"): "malformed",
        version(b"\xff" + mark): "malformed",
        version(b"1\0" + mark): "malformed",
        version(b"\\u0000"): "invalid",
        version(mark): "invalid",
        version(mark * 100): "invalid",
        report() + b"\0": "malformed",
        report().decode().encode("utf-16"): "malformed",
        b"\r\n" + report().replace(b",", b",\r\n\t"): "accepted",
        report() + b" " * (LONGEST_BYTES - 300): "accepted",
        report() + b" " * (MIB - 1000): "malformed",
        version(mark * (MIB // 20)): "malformed",
        mark * (MIB // 20): "malformed",
    }


def put(installation: Installation, bodies: dict[bytes, str]) -> dict[truth.Place, str]:
    """Put each body on both shards; return what must become of each record."""
    kinesis, stream = installation.cloud.kinesis, installation.cloud.resources.stream
    expected = {}
    for shard in KinesisStream(kinesis, stream).shards():
        for number, (held, outcome) in enumerate(bodies.items()):
            place = kinesis.put_record(
                StreamName=stream,
                Data=held.replace(b"1.2.3", b"1.2.%d" % number),
                PartitionKey=f"{KEY} {number}",
                ExplicitHashKey=str(shard.hash_keys.start),
            )
            expected[place["ShardId"], int(place["SequenceNumber"]), 0] = outcome
    return expected


def wait_committed(worker: Process, installation: Installation, records: int) -> None:
    worker.wait_ready(lambda: installation.committed() >= records, SECONDS)


def peak(pid: int) -> float:
    """Return the most memory that a process has had resident, in MiB."""
    (line,) = (line for line in status(pid) if line.startswith("VmHWM:"))
    return int(line.split()[1]) / 1024


def status(pid: int) -> list[str]:
    return Path(f"/proc/{pid}/status").read_text(encoding="ascii").splitlines()


def said(log: bytes, marks: list[str]) -> list[str]:
    """Return the marks that a log holds: as they are, in either case, or in base64 at any offset."""
    lower = log.lower()
    return [
        mark
        for mark in marks
        if mark.lower().encode() in lower or any(piece in log for piece in in_base64(mark.encode()))
    ]


def in_base64(mark: bytes) -> Iterator[bytes]:
    """Yield what of a mark's base64 does not depend on its neighbours, for each place in a group of three."""
    for first in range(3):
        whole = mark[first : len(mark) - (len(mark) - first) % 3]
        if len(whole) > 6:  # less can stand there by chance
            yield base64.b64encode(whole)


def test_each_body_ends_in_its_place_and_none_ends_the_daemon(installation: Installation) -> None:
    expected = put(installation, poison())
    with installation.worker(**LIMITS) as worker:
        worker.wait_ready(lambda: count(worker, "shard.started") == 2, SECONDS)
        processes = family.daemon(worker), family.children(worker)
        wait_committed(worker, installation, len(expected))
        assert (family.daemon(worker), family.children(worker)) == processes
        assert worker.stop(SECONDS) == 0
    assert truth.read(installation.cloud.lake).settled == expected
    assert count(worker, "shard.started") == 2
    assert not said(worker.log.read_bytes(), [MARK, *map(nonce, range(10**6, 10**6 + 100))])


LONGEST: Final = 10 * MIB - 256
"""Bytes of body that Kinesis takes of a record when a stream's MaxRecordSize is raised to what it can be."""


def longest() -> dict[bytes, str]:
    mark = MARK.encode()
    text = mark * (LONGEST // len(mark))
    return {
        body(1) + b" " * (LONGEST - len(body(1))): "malformed",
        b"[" * LONGEST: "malformed",
        text: "malformed",
        body(2).replace(b"1.2.3", text[: LONGEST - len(body(2))]): "malformed",
    }


def test_four_records_of_10_mib_on_each_shard_are_settled_in_bounded_memory(
    installation: Installation,
) -> None:
    expected = put(installation, longest())
    worker = settle_in_bounded_memory(installation, len(expected))
    assert truth.read(installation.cloud.lake).settled == expected
    assert not said(worker.log.read_bytes(), [MARK, nonce(1), nonce(2)])


def test_a_backlog_of_the_longest_pages_on_four_shards_is_settled_in_bounded_memory(
    installation: Installation,
) -> None:
    for shard in open_shards(installation):
        split(installation, shard)
    pages = [[b"[" * 65_536] * 79] * 8  # 5 MiB a put, and 40 MiB a shard
    kinesis, stream = installation.cloud.kinesis, installation.cloud.resources.stream
    for shard in open_shards(installation):
        hash_key = shard["HashKeyRange"]["StartingHashKey"]
        for page in pages:
            kinesis.put_records(
                StreamName=stream,
                Records=[{"Data": held, "PartitionKey": KEY, "ExplicitHashKey": hash_key} for held in page],
            )
    settle_in_bounded_memory(installation, 4 * sum(map(len, pages)))
    assert truth.read(installation.cloud.lake).outcomes == {"accepted": 0, "malformed": 4 * 8 * 79}


def settle_in_bounded_memory(installation: Installation, records: int) -> Process:
    with installation.worker(**LIMITS) as worker:
        worker.wait_ready(lambda: count(worker, "segment.committed") > 0, SECONDS)
        daemon = family.daemon(worker)
        assert daemon
        wait_committed(worker, installation, records)
        assert family.daemon(worker) == daemon
        jvm, child = peak(daemon), max(map(peak, family.children(worker)))
        print(f"JVM {jvm:.0f} MiB, child {child:.0f} MiB")  # noqa: T201 - pytest shows it when asked (-rP)
        assert jvm < JVM_MIB
        assert child < CHILD_MIB
        assert worker.stop(SECONDS) == 0
    assert count(worker, "child.died") == 0
    return worker


def outcome(held: bytes) -> str:
    """Return what becomes of a member of the hard aggregates, or of what only looks like one."""
    if held in {INVALID, FORGED}:
        return "invalid" if held == INVALID else "fraud"
    report = held.startswith(b'{"version":"1.2.3"') and len(held) <= LONGEST_BYTES
    return "accepted" if report else "malformed"


def test_of_hard_aggregates_exactly_what_a_recount_names_is_missing(installation: Installation) -> None:
    kinesis, stream = installation.cloud.kinesis, installation.cloud.resources.stream
    placed = aggregates.put(kinesis, stream)
    records = sum(hard.records for hard in placed.values())
    with installation.worker(**LIMITS) as worker:
        worker.wait_ready(lambda: count(worker, "shard.started") == 2, SECONDS)
        processes = family.daemon(worker), family.children(worker)
        wait_committed(worker, installation, records)
        assert (family.daemon(worker), family.children(worker)) == processes
        assert worker.stop(SECONDS) == 0
    found = truth.read(installation.cloud.lake)

    assert found.places == sorted(
        (shard_id, number, sub) for (shard_id, number), hard in placed.items() for sub in range(hard.records)
    )
    expected: dict[truth.Place, str] = {}
    on_the_stream: set[truth.Place] = set()
    named: list[truth.Place] = []
    for shard in KinesisStream(kinesis, stream).shards():
        page = to_records(Reader(kinesis, stream).records(shard.shard_id))
        for row, held in enumerate(page.bodies):
            made = parse(held)
            places = range(1 if made is None else len(made.records))
            on_the_stream |= {(shard.shard_id, int(page.sequence_numbers[row]), sub) for sub in places}
        kept, dropped = take_apart(page, shard.hash_keys)
        for row, held in enumerate(kept.bodies):
            position = kept.position(row)
            place = shard.shard_id, position.sequence_number, position.sub_sequence_number
            expected[place] = outcome(held)
        for left in dropped:
            number, first = left.position.sequence_number, left.position.sub_sequence_number
            named += [(shard.shard_id, number, first + member) for member in range(left.members)]
    assert found.settled == expected
    assert sorted(on_the_stream - set(found.places)) == sorted(named)
    assert len(named) == sum(hard.dropped for hard in placed.values())

    log = worker.log.read_bytes()
    broken = [hard for hard in placed.values() if hard.reason == "broken"]
    assert count(worker, "aggregate.dropped") == len(broken)
    deployments = [*range(500), *range(10_000, 10_500), 900, 901]
    assert not said(log, [aggregates.OUTER_KEY, "key-", MALFORMED.decode(), *map(nonce, deployments)])
