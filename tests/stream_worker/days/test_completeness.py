"""A day is proved from the stream, shard by shard, on the emulated Kinesis with a clock that is set."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from stream_worker.days.completeness import Completeness, Proof
from stream_worker.engines.poll import PollEngine
from stream_worker.lake.chain import Chain
from stream_worker.lake.committed import read_day
from stream_worker.lake.keys import LIVE
from stream_worker.lake.store import MemoryLake
from stream_worker.process.errors import SetupError
from stream_worker.process.stop import Stop
from stream_worker.shard_life.processor import Processor
from stream_worker.stream.kinesis import KinesisStream
from tests.support.e2e.aggregates import Member, aggregate
from tests.support.worker.past_days import DAY, FIRST_SHARD, MIDNIGHT, NOON, drain, set_clock
from tests.support.worker.polling import NEVER, put, split
from tests.support.worker.samples import body

if TYPE_CHECKING:
    from stream_worker.days.completeness import Proven
    from stream_worker.stream.records import Records
    from stream_worker.stream.shard import Shard
    from tests.conftest import Cloud


def prove(
    cloud: Cloud,
    stream: str,
    lake: MemoryLake,
    grace: float = 60,
    now: datetime = MIDNIGHT + timedelta(hours=9),
) -> dict[str, Proven]:
    grace_ = timedelta(seconds=grace)
    kinesis = KinesisStream(cloud.kinesis, stream)
    asked = Completeness(kinesis, lake, grace_, now=lambda: now, pause=lambda _: None)
    return {found.shard_id[-1]: found for found in asked.prove(DAY)}


def proofs(found: dict[str, Proven]) -> dict[str, Proof | None]:
    return {shard: proven.proof for shard, proven in found.items()}


def test_a_shard_that_is_behind_is_named_with_the_first_record_that_is_not_committed(
    cloud: Cloud, one_shard: str
) -> None:
    lake = MemoryLake()
    set_clock(cloud, one_shard, NOON)
    put(cloud, one_shard, range(5))
    drain(cloud, one_shard, lake)
    ((shard_id, number), _) = put(cloud, one_shard, [5, 6])
    lag = prove(cloud, one_shard, lake)["0"].lag
    assert lag is not None
    assert (lag.shard_id, lag.position) == (shard_id, f"{number:056d}")
    assert "arrived 2026-11-22 12:00:0" in lag.what
    drain(cloud, one_shard, lake)
    assert proofs(prove(cloud, one_shard, lake)) == {"0": Proof.TIP}


def test_records_that_came_well_after_the_day_prove_it_committed_or_not(cloud: Cloud, one_shard: str) -> None:
    lake = MemoryLake()
    set_clock(cloud, one_shard, NOON)
    put(cloud, one_shard, [1])
    drain(cloud, one_shard, lake)
    set_clock(cloud, one_shard, MIDNIGHT + timedelta(minutes=5))
    put(cloud, one_shard, [2])
    assert proofs(prove(cloud, one_shard, lake)) == {"0": Proof.PASSED}
    drain(cloud, one_shard, lake)
    assert proofs(prove(cloud, one_shard, lake)) == {"0": Proof.COMMITTED}


def test_a_last_segment_that_was_lost_shows_as_a_lag(cloud: Cloud, one_shard: str) -> None:
    lake = MemoryLake()
    set_clock(cloud, one_shard, NOON)
    put(cloud, one_shard, range(5))
    drain(cloud, one_shard, lake)
    lake.delete(list(lake.keys("reports/")))
    assert prove(cloud, one_shard, lake)["0"].lag is not None


def test_shards_without_a_record_ever_and_quiet_ones_are_proved_by_their_tips(
    cloud: Cloud, two_shards: str
) -> None:
    lake = MemoryLake()
    assert proofs(prove(cloud, two_shards, lake)) == {"0": Proof.TIP, "1": Proof.TIP}
    set_clock(cloud, two_shards, NOON)
    cloud.kinesis.put_record(StreamName=two_shards, Data=body(1), PartitionKey="k", ExplicitHashKey="0")
    assert proofs(prove(cloud, two_shards, lake)) == {"0": None, "1": Proof.TIP}
    drain(cloud, two_shards, lake)
    assert proofs(prove(cloud, two_shards, lake)) == {"0": Proof.TIP, "1": Proof.TIP}


def test_a_closed_parent_that_nobody_has_read_is_a_lag_until_it_is(cloud: Cloud, one_shard: str) -> None:
    lake = MemoryLake()
    set_clock(cloud, one_shard, NOON)
    put(cloud, one_shard, range(10))
    split(cloud, one_shard, FIRST_SHARD)
    put(cloud, one_shard, range(10, 30))
    assert proofs(prove(cloud, one_shard, lake)) == {"0": None, "1": None, "2": None}
    drain(cloud, one_shard, lake)
    assert proofs(prove(cloud, one_shard, lake)) == {"0": Proof.ENDED, "1": Proof.TIP, "2": Proof.TIP}


def test_a_split_and_a_merge_in_one_day_are_proved_shard_by_shard(cloud: Cloud, one_shard: str) -> None:
    lake = MemoryLake()
    set_clock(cloud, one_shard, NOON)
    put(cloud, one_shard, range(10))
    split(cloud, one_shard, FIRST_SHARD)
    drain(cloud, one_shard, lake)
    put(cloud, one_shard, range(10, 30))
    cloud.kinesis.merge_shards(
        StreamName=one_shard, ShardToMerge="shardId-000000000001", AdjacentShardToMerge="shardId-000000000002"
    )
    put(cloud, one_shard, range(30, 40))
    assert proofs(prove(cloud, one_shard, lake)) == {"0": Proof.ENDED, "1": None, "2": None, "3": None}
    drain(cloud, one_shard, lake)
    found = proofs(prove(cloud, one_shard, lake))
    assert found == {"0": Proof.ENDED, "1": Proof.ENDED, "2": Proof.ENDED, "3": Proof.TIP}


def straggler(cloud: Cloud, stream: str, lake: MemoryLake, after: timedelta) -> None:
    """Commit a record from `after` midnight; one of the day comes behind it, by a clock that goes wrong."""
    set_clock(cloud, stream, MIDNIGHT + after)
    put(cloud, stream, [1])
    drain(cloud, stream, lake)
    late = 2 * after.total_seconds()
    set_clock(cloud, stream, MIDNIGHT + after + timedelta(seconds=1), jitter=late)
    put(cloud, stream, range(2, 40))


def test_a_straggler_after_midnight_within_the_grace_is_a_lag(cloud: Cloud, one_shard: str) -> None:
    lake = MemoryLake()
    straggler(cloud, one_shard, lake, timedelta(seconds=20))
    lag = prove(cloud, one_shard, lake)["0"].lag
    assert lag is not None
    assert "arrived 2026-11-22 23:59" in lag.what
    drain(cloud, one_shard, lake)
    assert prove(cloud, one_shard, lake)["0"].lag is None


def test_what_comes_later_than_the_grace_is_not_waited_for_unless_that_is_made_longer(
    cloud: Cloud, one_shard: str
) -> None:
    lake = MemoryLake()
    straggler(cloud, one_shard, lake, timedelta(seconds=90))
    assert proofs(prove(cloud, one_shard, lake)) == {"0": Proof.COMMITTED}
    assert proofs(prove(cloud, one_shard, lake, grace=300)) == {"0": None}


def test_a_chain_that_ends_inside_an_aggregate_lags_until_its_last_member(
    cloud: Cloud, one_shard: str
) -> None:
    lake = MemoryLake()
    set_clock(cloud, one_shard, NOON)
    members = [Member(f"key-{number}", body(number)) for number in range(4)]
    number = cloud.kinesis.put_record(StreamName=one_shard, Data=aggregate(*members), PartitionKey="k")[
        "SequenceNumber"
    ]
    for taken in range(1, 4):
        read(cloud, one_shard, lake, taken)
        lag = prove(cloud, one_shard, lake)["0"].lag
        assert lag is not None
        assert lag.position == f"{int(number):056d}_{taken}"
    drain(cloud, one_shard, lake)
    assert proofs(prove(cloud, one_shard, lake)) == {"0": Proof.TIP}


def read(cloud: Cloud, stream: str, lake: MemoryLake, count: int) -> None:
    """Commit so many of the stream's first records."""

    class Quitting(Processor):
        def receive(self, page: Records, milliseconds_behind: int = 0) -> None:
            super().receive(page[:count], milliseconds_behind)

    def make_processor(shard: Shard) -> Processor:
        return Quitting(Chain(lake, shard), NEVER, lambda _: None)

    PollEngine(KinesisStream(cloud.kinesis, stream), make_processor, Stop(), drain=True).run()


def test_a_stream_that_is_missing_is_a_matter_of_setup(cloud: Cloud) -> None:
    with pytest.raises(SetupError, match="METRICS_STREAM"):
        prove(cloud, "no-such-stream", MemoryLake())


@pytest.mark.parametrize(("hours", "proof"), [(23, Proof.TIP), (25, Proof.FORGOTTEN)])
def test_what_a_worker_missed_for_as_long_as_the_stream_remembers_is_a_gap(
    cloud: Cloud, one_shard: str, hours: int, proof: Proof
) -> None:
    lake = MemoryLake()
    set_clock(cloud, one_shard, NOON)  # this stream remembers a day
    put(cloud, one_shard, [0])
    drain(cloud, one_shard, lake)
    (found,) = prove(cloud, one_shard, lake, now=NOON + timedelta(hours=hours)).values()
    assert found.proof is proof
    last = read_day(lake, LIVE, DAY).segments[-1].summary.last
    assert (found.lag and (found.lag.is_gap, found.lag.position)) == (
        (True, str(last)) if proof is Proof.FORGOTTEN else None
    )
