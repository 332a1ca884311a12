"""What the stream forgets before it is committed leaves a gap in the lake; what it does not leaves none."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any

import polars as pl
import pytest
import structlog

from stream_worker.audit.held import Held
from stream_worker.audit.recount import Recount
from stream_worker.buffer import Limits
from stream_worker.chain import Chain
from stream_worker.committed import read_day
from stream_worker.engines.completeness import Completeness, Proof
from stream_worker.engines.horizon import KinesisHorizon
from stream_worker.engines.poll import PollEngine
from stream_worker.engines.shards import list_shards
from stream_worker.lake import MemoryLake
from stream_worker.problem import Kind
from stream_worker.processor import Processor
from stream_worker.progress import silent
from stream_worker.records import LATEST, Position, Records
from stream_worker.segment import LIVE
from stream_worker.stop import Stop
from tests import truth
from tests.stream_worker.past_days import FIRST_SHARD, set_clock
from tests.stream_worker.polling import NEVER, put, split
from tests.stream_worker.samples import body

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from mypy_boto3_kinesis import KinesisClient

    from stream_worker.engines.completeness import Proven
    from stream_worker.shard import Shard
    from tests.conftest import Cloud

DAY = date(2025, 3, 1)
NOON = datetime(2025, 3, 1, 12, tzinfo=UTC)
"""Long ago: this machine's clock must say that a chain's end is old."""

HOUR = timedelta(hours=1)
MINUTE = timedelta(minutes=1)


@dataclass
class Site:
    """A stream that remembers a day and was made long ago, and the lake that its worker fills."""

    cloud: Cloud
    stream: str
    lake: MemoryLake = field(default_factory=MemoryLake)
    numbers: Iterator[int] = field(default_factory=lambda: iter(range(10**6)))
    kept: list[tuple[str, int]] = field(default_factory=list)

    def at(self, hours: float, count: int = 0, *, lost: bool = False) -> list[tuple[str, int]]:
        """Let it be so many hours after noon of the day; put reports then."""
        set_clock(self.cloud, self.stream, NOON + hours * HOUR)
        places = put(self.cloud, self.stream, [next(self.numbers) for _ in range(count)]) if count else []
        if not lost:
            self.kept += places
        return places

    def work(self, limits: Limits = NEVER, kinesis: KinesisClient | None = None) -> list[dict[str, Any]]:
        """Run the worker up to the tip; return the gaps in its log."""
        client = kinesis or self.cloud.kinesis

        def make_processor(shard: Shard) -> Processor:
            horizon = KinesisHorizon(client, self.stream, shard)
            return Processor(Chain(self.lake, shard), limits, lambda _: None, "1.0.0", horizon=horizon)

        with structlog.testing.capture_logs() as lines:
            PollEngine(client, self.stream, make_processor, Stop(), drain=True, page=7).run()
        return [dict(line) for line in lines if line["event"] == "shard.gap"]

    def days(self) -> list[int]:
        """Return the days with a gap, counted from the first."""
        return [number for number in range(-2, 12) if self.gaps(DAY + timedelta(days=number))]

    def gaps(self, day: date) -> list[tuple[str | None, str | None]]:
        problems = read_day(self.lake, LIVE, day).problems
        assert all(problem.kind is Kind.FORGOTTEN for problem in problems)
        return [(problem.shard_id, problem.position) for problem in problems]

    def prove(self, day: date, hours: float, kinesis: KinesisClient | None = None) -> dict[str, Proven]:
        now, client = NOON + hours * HOUR, kinesis or self.cloud.kinesis
        asked = Completeness(client, self.stream, self.lake, MINUTE, now=lambda: now, pause=lambda _: None)
        return {found.shard_id[-1]: found for found in asked.prove(day)}


@pytest.fixture
def site(cloud: Cloud, fresh_name: str) -> Site:
    set_clock(cloud, fresh_name, NOON - HOUR)
    cloud.kinesis.create_stream(StreamName=fresh_name, ShardCount=1)
    return Site(cloud, fresh_name)


def test_a_restart_after_retention_leaves_a_gap_in_every_day_of_it(site: Site) -> None:
    *_, last = site.at(0, 10)
    assert site.work() == []
    site.at(1, 200, lost=True)
    site.at(49, 5)
    (gap,) = site.work()
    assert (gap["shard_id"], gap["committed"], gap["gaps"]) == (FIRST_SHARD, f"{last[1]:056d}", 1)
    assert "2025-03-01 11:59:" in gap["detail"]
    assert "2025-03-03 13:01:" in gap["detail"]
    assert site.days() == [0, 1, 2], "the day without segments, too"
    assert site.gaps(DAY) == [(FIRST_SHARD, f"{last[1]:056d}")]
    assert truth.read(site.lake).positions == sorted(site.kept)
    site.at(50, 5)
    assert site.work() == []


def test_a_gap_has_the_minute_on_both_sides_in_which_arrivals_may_be_out_of_order(site: Site) -> None:
    """Its neighbours arrived half a minute after one midnight, and half a minute before another."""
    half_a_minute = 1 / 120
    site.at(12 + half_a_minute, 10)
    site.work()
    site.at(13, 20, lost=True)
    site.at(60 - half_a_minute)
    found = site.prove(DAY, 60)["0"]
    assert found.proof is Proof.FORGOTTEN, "also before a worker has come by"
    put(site.cloud, site.stream, [next(site.numbers)])
    assert len(site.work()) == 1
    assert site.days() == [0, 1, 2, 3]


def test_a_restart_within_retention_leaves_none(site: Site) -> None:
    site.at(0, 10)
    site.work()
    site.at(1, 20)
    site.at(23)
    assert site.work() == []
    assert site.days() == []
    assert truth.read(site.lake).positions == sorted(site.kept)


def test_a_shard_that_is_quiet_for_weeks_has_no_gap_while_a_worker_reads_it(site: Site) -> None:
    site.at(0, 10)
    for hours in range(10, 210, 10):
        site.at(hours)
        assert site.work() == []
    assert site.prove(DAY, 200)["0"].proof is Proof.TIP
    site.at(215, 5)
    assert site.work() == []
    assert site.days() == []
    assert len(list(site.lake.keys("shards/"))) == 20


def test_so_has_one_that_never_had_a_record(site: Site) -> None:
    for hours in range(0, 100, 10):
        site.at(hours)
        assert site.work() == []
    assert site.prove(DAY, 100)["0"].proof is Proof.TIP
    site.at(105, 5)
    assert site.work() == []


def test_a_gap_shows_before_anything_follows_it(site: Site) -> None:
    site.at(0, 10)
    site.work()
    site.at(1, 20, lost=True)
    site.at(59)
    assert len(site.work()) == 1
    assert site.days() == [0, 1, 2]
    site.at(60, 5)
    assert site.work() == []


def test_a_retention_that_is_made_shorter_leaves_a_gap(site: Site) -> None:
    retention = {"StreamName": site.stream, "RetentionPeriodHours": 72}
    site.cloud.kinesis.increase_stream_retention_period(**retention)  # type: ignore[arg-type] # plain dict
    site.at(0, 10)
    site.work()
    site.at(1, 20, lost=True)
    site.at(30, 5)
    site.cloud.kinesis.decrease_stream_retention_period(StreamName=site.stream, RetentionPeriodHours=24)
    assert len(site.work()) == 1
    assert site.days() == [0, 1]


def test_a_first_start_after_retention_leaves_a_gap_from_the_streams_beginning(site: Site) -> None:
    site.at(0, 10, lost=True)
    site.at(49, 5)
    (gap,) = site.work()
    assert gap["committed"] == "start"
    assert site.days() == [0, 1, 2]


def test_so_does_one_as_a_shard_that_was_soon_closed_is_being_forgotten(site: Site) -> None:
    """Neither it nor a shard that is made later was open at the end of what the stream may have forgotten."""
    site.at(0, 5, lost=True)
    site.at(0.1, 5)
    split(site.cloud, site.stream, FIRST_SHARD)
    site.at(24.05)
    gaps = [gap["committed"] for gap in site.work() if gap["shard_id"] == FIRST_SHARD]
    assert gaps == ["start"]
    assert truth.read(site.lake).positions == sorted(site.kept)


def test_a_first_start_within_retention_leaves_none(site: Site) -> None:
    site.at(0, 10)
    site.at(20, 5)
    assert site.work() == []
    assert site.days() == []
    assert truth.read(site.lake).positions == sorted(site.kept)


@dataclass
class Hooked:
    """A client after whose first page with records something happens."""

    kinesis: KinesisClient
    hook: Callable[[], object]
    done: bool = False

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - whatever the client has
        return getattr(self.kinesis, name)

    def get_records(self, **arguments: Any) -> Any:  # noqa: ANN401 - the client's own
        page = self.kinesis.get_records(**arguments)
        if not self.done and len(page["Records"]) > 1:
            self.done = True
            self.hook()
        return page


def test_a_worker_that_the_horizon_overtakes_leaves_a_gap(site: Site) -> None:
    places = site.at(0, 20)
    hooked = Hooked(site.cloud.kinesis, lambda: site.at(49, 5))
    *_, gap = site.work(Limits(7, 10**9, 10**6), hooked)  # type: ignore[arg-type] # stands in for the client
    assert gap["committed"] == f"{places[6][1]:056d}"
    assert site.days() == [0, 1, 2]
    assert len(truth.read(site.lake).positions) == 12


def test_one_that_it_overtakes_between_two_pages_of_a_run_ends_the_run_there(site: Site) -> None:
    *_, last = site.at(0, 7)
    site.at(1, 20, lost=True)
    site.at(6, 5)
    site.at(23.5)
    hooked = Hooked(site.cloud.kinesis, lambda: site.at(27))
    gaps = site.work(NEVER, hooked)  # type: ignore[arg-type] # stands in for the client
    assert [gap["committed"] for gap in gaps] == ["start", f"{last[1]:056d}"]
    assert truth.read(site.lake).positions == sorted(site.kept)


def test_a_closed_shard_that_expires_before_it_is_read_to_its_end_is_a_gap(site: Site) -> None:
    site.at(0, 10)
    site.work()
    *_, (_, last) = site.at(1, 5, lost=True)
    split(site.cloud, site.stream, FIRST_SHARD)
    site.at(49, 5)
    site.work()
    found = site.prove(DAY, 49)
    assert found["0"].proof is Proof.FORGOTTEN
    assert found["0"].lag is not None
    assert found["0"].lag.is_gap
    assert found["0"].lag.position != f"{last:056d}"


@dataclass
class Slow:
    """A client that takes its time between two requests."""

    kinesis: KinesisClient
    pause: Callable[[], object]

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - whatever the client has
        return getattr(self.kinesis, name)

    def get_shard_iterator(self, **arguments: Any) -> Any:  # noqa: ANN401 - the client's own
        self.pause()
        return self.kinesis.get_shard_iterator(**arguments)


def test_one_that_expires_between_its_listing_and_its_reading_is_proven_as_one_that_has_expired(
    site: Site,
) -> None:
    site.at(0, 10)
    site.work()
    split(site.cloud, site.stream, FIRST_SHARD)
    site.at(23)
    slow = Slow(site.cloud.kinesis, lambda: site.at(25))
    found = site.prove(DAY, 23, slow)  # type: ignore[arg-type] # stands in for the client
    assert found["0"].proof is Proof.FORGOTTEN


def test_nor_does_a_recount_end_by_one(site: Site) -> None:
    split(site.cloud, site.stream, FIRST_SHARD)
    site.at(22)
    (closed, *_) = list_shards(site.cloud.kinesis, site.stream)
    slow = Slow(site.cloud.kinesis, lambda: site.at(24))
    recount = Recount(slow, site.stream, MINUTE, silent)  # type: ignore[arg-type] # stands in for the client
    compared = recount.compare(DAY, {closed.owner}, 0, lambda _: Held(pl.Series("place", dtype=pl.String)))
    assert compared.problems == []
    (note,) = compared.notes
    assert note.startswith(f"{FIRST_SHARD}: the stream no longer lists the shard")


def test_a_closed_shard_that_was_read_to_its_end_is_none(site: Site) -> None:
    site.at(0, 10)
    split(site.cloud, site.stream, FIRST_SHARD)
    site.at(1, 20)
    assert site.work() == []
    site.at(20, 20)
    assert site.work() == []
    site.at(40)
    assert site.work() == []
    found = site.prove(DAY, 49)
    assert (found["0"].proof, found["0"].lag) == (Proof.ENDED, None)
    assert [found[shard].lag for shard in "12"] == [None, None]


def test_a_shard_without_a_segment_is_a_gap_once_the_stream_has_forgotten_the_day(site: Site) -> None:
    site.at(0, 10, lost=True)
    site.at(49)
    found = site.prove(DAY, 49)["0"]
    assert found.proof is Proof.FORGOTTEN
    assert found.lag is not None
    assert found.lag.position == "start"


def test_a_stream_that_is_made_again_is_a_gap_where_the_first_was_not_committed(site: Site) -> None:
    site.at(0, 10)
    site.work()
    site.at(1, 5, lost=True)
    site.cloud.kinesis.delete_stream(StreamName=site.stream)
    set_clock(site.cloud, site.stream, NOON + 14 * HOUR)
    site.cloud.kinesis.create_stream(StreamName=site.stream, ShardCount=1)
    asked = Completeness(
        site.cloud.kinesis,
        site.stream,
        site.lake,
        MINUTE,
        now=lambda: NOON + 15 * HOUR,
        pause=lambda _: None,
    )
    first, second = asked.prove(DAY)
    assert {first.proof, second.proof} == {Proof.TIP, Proof.FORGOTTEN}
    assert sum(found.lag is not None and found.lag.is_gap for found in (first, second)) == 1


def test_an_engine_that_begins_at_the_latest_record_leaves_a_gap(site: Site) -> None:
    """The leases were lost, and the application reads from LATEST on."""
    *_, (_, last) = site.at(0, 10)
    site.work()
    site.at(1, 10, lost=True)
    ((_, number),) = site.at(2, 1)
    (shard,) = list_shards(site.cloud.kinesis, site.stream)
    horizon = KinesisHorizon(site.cloud.kinesis, site.stream, shard)
    chain = Chain(site.lake, shard)
    late = Processor(chain, NEVER, lambda _: None, "1.0.0", checkpointed=LATEST, horizon=horizon)
    arrived = round((NOON + 2 * HOUR).timestamp() * 1000)
    late.receive(Records([body(99)], ["key"], [str(number)], [0], [arrived]))
    with structlog.testing.capture_logs() as lines:
        late.finish()
    assert [line["committed"] for line in lines if line["event"] == "shard.gap"] == [f"{last:056d}"]
    assert site.days() == [0]
    assert chain.end() == Position(number)
