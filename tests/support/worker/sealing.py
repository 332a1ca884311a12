"""A lake with days to seal and replay, a catalog beside it, what readers see; it crashes at any step."""

from __future__ import annotations

import io
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any

import polars as pl

from schemas.tables import REJECTS, REPORTS, TABLES
from stream_worker.days.completeness import Proof, Proven
from stream_worker.days.replay import Origin, Replay
from stream_worker.days.run_builder import RunBuilder
from stream_worker.days.seal import Seal
from stream_worker.days.sorter import PART_ROWS
from stream_worker.judging.judgement import JUDGEMENT, Judgement
from stream_worker.lake.chain import Chain
from stream_worker.lake.keys import LIVE
from stream_worker.process.limits import Limits
from stream_worker.process.progress import silent
from stream_worker.publication.catalog import MemoryCatalog
from stream_worker.publication.publication import Publication
from stream_worker.shard_life.processor import Processor
from stream_worker.stream.shard import Shard
from stream_worker.stream.span import Span
from tests.support.soak import soaked
from tests.support.worker.samples import DAY, FORGED, INVALID, MALFORMED, SHARD, body, records
from tests.support.worker.stage import CrashError, Stage

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from stream_worker.lake.committed import CommittedDay
    from stream_worker.lake.keys import Owner
    from stream_worker.process.progress import Move
    from stream_worker.stream.records import Records

THE_DAY = date.fromisoformat(DAY)
GRACE = timedelta(seconds=60)
SPAN = Span(THE_DAY, THE_DAY, GRACE)
LATER = datetime(2026, 11, 23, 9, tzinfo=UTC)
OTHER, THIRD = (Shard(SHARD.epoch, f"shardId-00000000000{number}") for number in (1, 2))
SMALL = Limits(10, 10**9, 10**6)
Feed = dict[Shard, list["Records"]]


def usual() -> Feed:
    """Return two shards' records: all outcomes, and deployments that have reported to both."""
    one = [body(number) for number in range(25)]
    two = [body(number) for number in range(20, 45)]
    return {
        SHARD: [records([*one, FORGED, INVALID, MALFORMED, body(3)])],
        OTHER: [records([MALFORMED, *two, INVALID, body(30)], first=1000)],
    }


@dataclass(slots=True)
class StagedCatalog(MemoryCatalog):
    """A catalog whose switches are counted, and can be cut off, as the lake's effects are."""

    stage: Stage = field(kw_only=True)
    between: Callable[[], None] = lambda: None

    def point(self, table: str, day: date, prefix: str) -> None:
        with self.stage._effect(f"{table} point"):  # noqa: SLF001 - one counter for both
            MemoryCatalog.point(self, table, day, prefix)
        self.between()


@dataclass(slots=True)
class Proofs:
    """Stands in for the stream's proof: what is behind is told by the test."""

    lags: list[Proven] = field(default_factory=list)
    shards: tuple[Shard, ...] = (SHARD, OTHER)
    grace: timedelta = GRACE

    def prove(self, _: date) -> list[Proven]:
        behind = {lag.shard_id for lag in self.lags}
        proven = [Proven(one.epoch, one.shard_id, Proof.TIP) for one in self.shards]
        return [*self.lags, *(one for one in proven if one.shard_id not in behind)]


@dataclass(slots=True)
class FakeStream:
    """A stream that never forgets; its engine feeds processors, and can leave records out."""

    theatre: Theatre
    feed: Feed
    limits: Limits = field(default_factory=lambda: Limits(7, 10**9, 10**6))
    origin: Origin = Origin.STREAM

    def check(self, span: Span, live: Mapping[date, CommittedDay]) -> None:
        """Hold everything."""

    def settle(self, span: Span, target: str, move: Move) -> bool:
        for shard, pages in self.feed.items():
            chain = Chain(self.theatre.stage, shard, target)
            processor = Processor(chain, self.limits, lambda _: None, judgement=self.theatre.judgement)
            for page in pages:
                wanted = span.of(page)
                if len(wanted):
                    processor.receive(wanted)
                move(len(wanted))
            processor.finish()
        return True

    def prove(self, day: CommittedDay, grace: timedelta) -> Mapping[Owner, str]:  # noqa: ARG002 - as any source
        return dict.fromkeys(day.by_owner(), "passed")


@dataclass(slots=True)
class Theatre:
    """The lake, the catalog, and the commands wired to both; a crash leaves them as they are."""

    stage: Stage = field(default_factory=Stage)
    judgement: Judgement = JUDGEMENT
    part_rows: int = PART_ROWS
    now: datetime = LATER
    proofs: Proofs = field(default_factory=Proofs)
    catalog: StagedCatalog = field(init=False)

    def __post_init__(self) -> None:
        self.catalog = StagedCatalog(stage=self.stage)

    def fill(self, feed: Feed, limits: Limits = SMALL) -> Theatre:
        """Let live workers commit the records."""
        for shard, pages in feed.items():
            chain = Chain(self.stage, shard)
            announce = self.catalog.add_live
            processor = Processor(chain, limits, lambda _: None, announce=announce, judgement=self.judgement)
            for page in pages:
                processor.receive(page)
            processor.finish()
        self.stage.effects.clear()
        return self

    @property
    def publication(self) -> Publication:
        return Publication(self.stage, self.catalog)

    @property
    def runs(self) -> RunBuilder:
        return RunBuilder(self.stage, self.judgement, silent, part_rows=self.part_rows)

    @property
    def seal(self) -> Seal:
        proofs = self.proofs
        return Seal(self.stage, self.publication, self.runs, proofs, self.tick)  # type: ignore[arg-type] # its stand-in

    def replay(self, feed: Feed) -> Replay:
        return Replay(self.stage, self.publication, self.runs, FakeStream(self, feed), self.tick)

    def tick(self) -> datetime:
        self.now += timedelta(seconds=1)
        return self.now

    def keys(self, table: str, day: date = THE_DAY) -> list[str]:
        """Return what readers of a table find."""
        prefix = self.catalog.location(table, day)
        return list(self.stage.keys(prefix)) if prefix else []

    def rows(self, table: str, day: date = THE_DAY) -> pl.DataFrame:
        """Return what readers of a table see."""
        schema = next(one for one in TABLES if one.name == table).polars
        found = [pl.read_parquet(io.BytesIO(self.stage.get(key))) for key in self.keys(table, day)]
        return pl.concat([pl.DataFrame(schema=schema), *found])

    def shown(self, day: date = THE_DAY) -> dict[str, pl.DataFrame]:
        """Return what readers of both tables see, in an order of its own."""
        order = ["shard_id", "sequence_number", "sub_sequence_number"]
        return {table.name: self.rows(table.name, day).sort(order) for table in TABLES}

    def check_run(self, day: date = THE_DAY) -> None:
        """Assert that readers of both tables find one run, all of it and nothing else."""
        (run,) = self.publication.all_shown(day)
        assert run not in {None, LIVE}
        manifest = next(found for found in self.publication.manifests(day) if found.run == run)
        assert self.keys("reports", day) == [part.key for part in manifest.reports]
        assert self.keys("rejects", day) == [part.key for part in manifest.rejects]
        assert self.rows("reports", day).schema == REPORTS.polars
        assert self.rows("rejects", day).schema == REJECTS.polars
        assert len(self.rows("reports", day)) == manifest.outcomes["accepted"]
        assert len(self.rows("rejects", day)) == manifest.records - manifest.outcomes["accepted"]


def same(one: Mapping[str, pl.DataFrame], other: Mapping[str, pl.DataFrame]) -> bool:
    return all(one[table].equals(other[table]) for table in ("reports", "rejects"))


def crash_points(count: int) -> list[Any]:
    """Return every step before and after which a process can end, as a test's parameters.

    What comes after one step comes before the next, so `make test` has the latter and `make soak` both.
    """
    points = [(when, step) for when in ("crash_before", "crash_after") for step in range(1, count + 1)]
    return soaked(points, count)


def crashed(theatre: Theatre, when: str, step: int, act: Callable[[], object]) -> None:
    """Run an act that is cut off at a step."""
    setattr(theatre.stage, when, step)
    try:
        act()
    except CrashError:
        return
    raise AssertionError("there was no such step")
