"""What the stream forgets before it is committed leaves a gap in the lake; what it does not leaves none."""

from __future__ import annotations

import structlog

from stream_worker.days.completeness import Completeness, Proof
from stream_worker.lake.chain import Chain
from stream_worker.shard_life.processor import Processor
from stream_worker.stream.horizon import KinesisHorizon
from stream_worker.stream.kinesis import KinesisStream
from stream_worker.stream.records import LATEST, Position, Records
from tests.support import truth
from tests.support.worker.forgetful import DAY, HOUR, MINUTE, NOON, Site
from tests.support.worker.past_days import FIRST_SHARD, set_clock
from tests.support.worker.polling import NEVER, put, split
from tests.support.worker.samples import body


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
        KinesisStream(site.cloud.kinesis, site.stream),
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
    stream = KinesisStream(site.cloud.kinesis, site.stream)
    (shard,) = stream.shards()
    horizon = KinesisHorizon(stream, shard)
    chain = Chain(site.lake, shard)
    late = Processor(chain, NEVER, lambda _: None, checkpointed=LATEST, horizon=horizon)
    arrived = round((NOON + 2 * HOUR).timestamp() * 1000)
    late.receive(Records([body(99)], ["key"], [str(number)], [0], [arrived]))
    with structlog.testing.capture_logs() as lines:
        late.finish()
    assert [line["committed"] for line in lines if line["event"] == "shard.gap"] == [f"{last:056d}"]
    assert site.days() == [0]
    assert chain.end() == Position(number)
