"""A lake that several shards have been committed to, its catalog, and the commands' parts over both."""

from __future__ import annotations

import io
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING

import polars as pl

from stream_worker.audit.auditor import Audit, Auditor
from stream_worker.days.run_builder import RunBuilder
from stream_worker.judging.judgement import JUDGEMENT
from stream_worker.lake.chain import Chain
from stream_worker.lake.committed import read_day
from stream_worker.lake.keys import LIVE
from stream_worker.lake.store import MemoryLake
from stream_worker.process.limits import Limits
from stream_worker.process.progress import silent
from stream_worker.publication.catalog import MemoryCatalog
from stream_worker.publication.publication import Publication
from stream_worker.shard_life.processor import Processor
from stream_worker.stream.records import Records
from stream_worker.stream.shard import Shard
from tests.support.worker.samples import DAY, SHARD, body, records

if TYPE_CHECKING:
    from collections.abc import Callable

    from stream_worker.lake.manifest import Manifest

TODAY = date.fromisoformat(DAY)
TOMORROW = TODAY + timedelta(days=1)
OTHER = Shard(SHARD.epoch, "shardId-000000000001")
SEALED_AT = datetime(2026, 11, 23, 1, tzinfo=UTC)
SEGMENT_RECORDS = 10


@dataclass(slots=True)
class Ledger:
    """What the tests of audits and traces work on; a segment has ten records. `now` is when they look."""

    lake: MemoryLake = field(default_factory=MemoryLake)
    catalog: MemoryCatalog = field(default_factory=MemoryCatalog)
    now: datetime = SEALED_AT

    @property
    def publication(self) -> Publication:
        return Publication(self.lake, self.catalog)

    def commit(self, held: Records, shard: Shard = SHARD, *, size: int = SEGMENT_RECORDS) -> None:
        """Commit records in segments of `size`."""
        limits = Limits(size, 10**9, 10**6)
        chain = Chain(self.lake, shard)
        processor = Processor(chain, limits, lambda _: None, announce=self.catalog.add_live)
        for start in range(0, len(held), size):
            processor.receive(held[start : start + size])
        processor.finish()

    def seal(self, generation: str = LIVE, day: date = TODAY) -> Manifest:
        """Seal a day, unproven, and point readers at it."""
        found = read_day(self.lake, generation, day)
        builder = RunBuilder(self.lake, JUDGEMENT, silent)
        proofs = dict.fromkeys(found.by_owner(), "tip")
        manifest = builder.build(found, proofs, self.publication.shown(day), SEALED_AT)
        self.publication.show(day, manifest.run, "seal", SEALED_AT)
        return manifest

    def audit(self, day: date = TODAY) -> Audit:
        return Auditor(self.publication, silent, now=lambda: self.now).audit(day)

    def held(self, prefix: str = f"reports/live/dt={DAY}/") -> list[str]:
        return list(self.lake.keys(prefix))

    def rewrite(self, key: str, change: Callable[[pl.DataFrame], pl.DataFrame]) -> None:
        """Change the rows of a Parquet object and leave its metadata."""
        rows = change(pl.read_parquet(io.BytesIO(self.lake.get(key))))
        buffer = io.BytesIO()
        rows.write_parquet(buffer, compression="zstd")
        self.put(key, buffer.getvalue())

    def truncate(self, key: str) -> None:
        held = self.lake.get(key)
        self.put(key, held[: len(held) // 2])

    def put(self, key: str, content: bytes = b"?") -> None:
        """Put an object over another, whose metadata stay."""
        metadata = self.lake.objects[key][1] if key in self.lake.objects else {}
        self.lake.objects[key] = (content, dict(metadata))

    def copy(self, key: str, to: str) -> None:
        self.lake.objects[to] = self.lake.objects[key]


def filled() -> Ledger:
    """Return a ledger of a day: 42 records on one shard, 20 on another, some rejected, some on both."""
    ledger = Ledger()
    bodies = [body(number) for number in range(33)] + [b"{", *map(body, range(5)), b"[]", body(40), body(41)]
    ledger.commit(records(bodies))
    ledger.commit(records([body(number) for number in (0, *range(100, 119))], first=1_000), OTHER)
    return ledger


def and_tomorrow(ledger: Ledger) -> Ledger:
    """Let the first shard's chain go on over midnight."""
    later = records([body(number) for number in range(10)], first=42 + 86_400_000)
    numbers = [str(int(number) - 86_400_000) for number in later.sequence_numbers]
    ledger.commit(
        Records(later.bodies, later.partition_keys, numbers, later.sub_sequence_numbers, later.arrivals)
    )
    return ledger
