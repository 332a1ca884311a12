"""A producer of seeded records: it remembers what Kinesis acknowledged, and knows what must become of it."""

from __future__ import annotations

import random
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

import orjson
import polars as pl

from infra.fleets import fleet
from stream_worker.stream.kinesis import KinesisStream
from tests.support import truth
from tests.support.e2e.aggregates import Member, aggregate, hash_key
from tests.support.local.shards import Reader

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mypy_boto3_kinesis import KinesisClient
    from mypy_boto3_kinesis.type_defs import RecordTypeDef

    from stream_worker.lake.store import Lake

KINDS: Final = {"honest": 55, "resent": 20, "invalid": 9, "fraud": 8, "malformed": 8}
"""What is put, and how many of a hundred records are of a kind."""

MALFORMED: Final = (b"", b"{", b"[]", b"null", b"\xff\xfe\x00", b'{"version":"\xed\xa0\x80"}', b"[" * 2000)
_PAUSE_SECONDS: Final = 0.04


@dataclass
class Producer:
    """One producer. A report's partition key is its stack_id, as the edge has it."""

    kinesis: KinesisClient
    stream: str
    seed: int
    acknowledged: dict[tuple[str, int], bytes] = field(default_factory=dict)
    """What Kinesis took, by shard and sequence number."""
    _honest: list[bytes] = field(default_factory=list)
    _kinds: dict[bytes, str] = field(default_factory=dict)
    _members: dict[bytes, list[bytes]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._random = random.Random(self.seed)

    def put(self, count: int) -> None:
        """Put `count` records of all kinds, 500 at most."""
        self.put_bodies(self._mixed(count))

    def put_aggregates(self, count: int) -> None:
        """Put `count` records of all kinds as KPL aggregates, one a shard; not while a shard splits."""
        shards = KinesisStream(self.kinesis, self.stream).listed()
        ranges = [shard.hash_keys for shard in shards if not shard.is_closed]
        bodies = self._mixed(count)
        for own in ranges:
            members = [body for body in bodies if hash_key(self._partition_key(body)) in own]
            if members:
                held = aggregate(*(Member(self._partition_key(body), body) for body in members))
                self._members[held] = members
                place = self.kinesis.put_record(
                    StreamName=self.stream, Data=held, PartitionKey="k", ExplicitHashKey=str(own.start)
                )
                self.acknowledged[place["ShardId"], int(place["SequenceNumber"])] = held

    def put_honest(self, count: int) -> None:
        """Put first reports of `count` deployments, 500 at most."""
        self.put_bodies([self._make("honest") for _ in range(count)])

    def put_again(self) -> None:
        """Put every honest report another time, 500 at most."""
        self.put_bodies(list(self._honest))

    def put_long(self, count: int) -> None:
        """Put `count` malformed records, of 64 KiB each, 70 at most."""
        body = b"[" * 65_536
        self._kinds[body] = "malformed"
        self.put_bodies([body] * count)

    def put_bodies(self, bodies: list[bytes]) -> None:
        """Put these, as one PutRecords."""
        answer = self.kinesis.put_records(
            StreamName=self.stream,
            Records=[{"Data": body, "PartitionKey": self._partition_key(body)} for body in bodies],
        )
        for body, fate in zip(bodies, answer["Records"], strict=True):
            if "SequenceNumber" in fate and not fate.get("ErrorCode"):
                self.acknowledged[fate["ShardId"], int(fate["SequenceNumber"])] = body

    @contextmanager
    def under_load(self, batch: int = 12) -> Iterator[None]:
        """Keep putting in another thread; what went wrong there is raised at the end."""
        stop = threading.Event()

        def put_on() -> None:
            while not stop.wait(_PAUSE_SECONDS):
                self.put(batch)

        with ThreadPoolExecutor(1) as thread:
            putting = thread.submit(put_on)
            try:
                yield
            finally:
                stop.set()
            putting.result()

    @property
    def places(self) -> set[truth.Place]:
        """Where a record or a member of an aggregate stands that Kinesis took."""
        return {
            (shard_id, number, sub_number)
            for (shard_id, number), body in self.acknowledged.items()
            for sub_number in range(len(self._members.get(body, [body])))
        }

    def check(self, lake: Lake) -> truth.Truth:
        """Assert that the lake has each acknowledged record exactly once, with the outcome it must have."""
        found = truth.read(lake)
        places, ours = set(found.places), self.places
        assert not ours - places, "records lost"
        assert not places - ours, "records from nowhere"
        assert len(found.places) == len(places), "records twice"
        found.check_sums()
        per_day = found.reports.select("stack_id", pl.col("arrived_at").dt.date())
        assert per_day.is_unique().all()
        assert found.settled == self.expected()
        return found

    def expected(self) -> dict[truth.Place, str]:
        """Return what must become of each record on the stream; parents have lower ids than children."""
        reader = Reader(self.kinesis, self.stream)
        expected: dict[truth.Place, str] = {}
        seen: set[tuple[str, str]] = set()
        for shard_id in sorted(reader.shard_ids()):
            for record in reader.records(shard_id):
                number, day = int(record["SequenceNumber"]), _day(record)
                members = self._members.get(record["Data"], [record["Data"]])
                for sub_number, body in enumerate(members):
                    kind = self._kinds[body]
                    if kind == "honest":
                        report = (self._partition_key(body), day)
                        kind = "duplicate" if report in seen else "accepted"
                        seen.add(report)
                    expected[shard_id, number, sub_number] = kind
        return expected

    def _mixed(self, count: int) -> list[bytes]:
        kinds = self._random.choices(list(KINDS), list(KINDS.values()), k=count)
        return [self._make(kind) for kind in kinds]

    def _make(self, kind: str) -> bytes:
        body, kind = self._body(kind if self._honest else "honest")
        self._kinds[body] = kind
        return body

    def _body(self, kind: str) -> tuple[bytes, str]:
        """Return a body and what it is: honest, sent again or not, or else what it is to be rejected as."""
        report = orjson.loads(fleet.honest(self._random))
        match kind:
            case "honest":
                self._honest.append(orjson.dumps(report))
                return self._honest[-1], "honest"
            case "resent":  # with the nonce in the other case now and then: it is the same deployment
                report = orjson.loads(self._random.choice(self._honest))
                if self._random.random() < 1 / 2:
                    report["stack_id"] = report["stack_id"].upper()
                return orjson.dumps(report), "honest"
            case "invalid":
                report["metrics"][self._random.choice(list(report["metrics"]))] = -1
            case "fraud":  # in the name of a genuine deployment, whose report it must not crowd out
                report["stack_id"] = orjson.loads(self._random.choice(self._honest))["stack_id"]
                report["metrics"]["tokenizeSuccess"] = 2**53 - 1
            case "malformed":
                return self._random.choice([*MALFORMED, orjson.dumps(report)[:-1]]), "malformed"
        return orjson.dumps(report), kind

    @staticmethod
    def _partition_key(body: bytes) -> str:
        try:
            key: str = orjson.loads(body)["stack_id"].lower()
        except (orjson.JSONDecodeError, TypeError):
            return "another-producer"
        return key


def _day(record: RecordTypeDef) -> str:
    return f"{record['ApproximateArrivalTimestamp'].timestamp() // 86_400}"
