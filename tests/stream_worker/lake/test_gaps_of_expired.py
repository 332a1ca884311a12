"""A closed shard that expires between its listing and its reading ends no worker: it is a gap, or none."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from stream_worker.engines.poll import PollEngine
from stream_worker.process.errors import RefusedError, SetupError
from stream_worker.process.stop import Stop
from stream_worker.shard_life.assembly import Assembly
from stream_worker.stream.kinesis import KinesisStream
from stream_worker.stream.span import Span
from tests.support import truth
from tests.support.worker.forgetful import DAY, MINUTE, Late, Site
from tests.support.worker.past_days import FIRST_SHARD
from tests.support.worker.polling import NEVER, split

if TYPE_CHECKING:
    from stream_worker.shard_life.processor import Processor
    from stream_worker.stream.shard import Shard


@pytest.mark.parametrize("operation", ["get_shard_iterator", "get_records"])
def test_what_was_not_read_of_it_is_a_gap_and_the_other_shards_go_on(site: Site, operation: str) -> None:
    *_, (_, last) = site.at(0, 10)
    site.work()
    site.at(1, 5, lost=True)
    split(site.cloud, site.stream, FIRST_SHARD)
    site.at(23, 20)
    late = Late(site.cloud.kinesis, operation, lambda: site.at(26))
    gaps = site.work(NEVER, late)  # type: ignore[arg-type] # stands in for the client
    assert {gap["shard_id"]: gap["committed"] for gap in gaps}[FIRST_SHARD] == f"{last:056d}"
    assert site.days() == [0, 1]
    assert truth.read(site.lake).positions == sorted(site.kept)
    assert site.work() == []


def test_it_is_none_if_it_was_read_to_its_end_before(site: Site) -> None:
    site.at(0, 10)
    split(site.cloud, site.stream, FIRST_SHARD)
    site.at(0.5, 20)
    site.work()
    site.at(23, 20)
    late = Late(site.cloud.kinesis, "get_shard_iterator", lambda: site.at(24.2))
    assert site.work(NEVER, late) == []  # type: ignore[arg-type] # stands in for the client
    assert site.days() == []
    assert truth.read(site.lake).positions == sorted(site.kept)


def test_a_drain_ends_although_a_shard_expires_before_its_turn(site: Site) -> None:
    """It is listed as the drain begins, and waits for its parent then."""
    site.at(0, 10)
    split(site.cloud, site.stream, FIRST_SHARD)
    first, second = (shard.shard_id for shard in KinesisStream(site.cloud.kinesis, site.stream).shards()[1:])
    site.at(0.1, 10, lost=True)
    site.cloud.kinesis.merge_shards(StreamName=site.stream, ShardToMerge=first, AdjacentShardToMerge=second)
    site.at(23, 20)
    late = Late(site.cloud.kinesis, "get_records", lambda: site.at(26))
    site.kept = site.kept[10:]
    gaps = site.work(NEVER, late)  # type: ignore[arg-type] # stands in for the client
    assert {gap["shard_id"] for gap in gaps} >= {FIRST_SHARD, first, second}
    assert truth.read(site.lake).positions == sorted(site.kept)


def test_a_stream_that_is_gone_is_a_matter_of_setup(site: Site) -> None:
    site.at(0, 10)
    delete = site.cloud.kinesis.delete_stream
    gone = Late(site.cloud.kinesis, "get_records", lambda: delete(StreamName=site.stream))
    with pytest.raises(SetupError, match="METRICS_STREAM"):
        site.work(NEVER, gone)  # type: ignore[arg-type] # stands in for the client


@pytest.mark.parametrize(("days", "refused"), [(0, True), (1, False)])
def test_a_replay_refuses_only_what_the_shard_may_have_had(site: Site, days: int, refused: bool) -> None:  # noqa: FBT001 - pytest's
    site.at(0, 10)
    split(site.cloud, site.stream, FIRST_SHARD)
    site.at(23, 20)
    client = Late(site.cloud.kinesis, "get_shard_iterator", lambda: site.at(25))
    day = DAY + timedelta(days=days)
    span = Span(day, day, MINUTE)

    def make(shard: Shard) -> Processor:
        return Assembly(site.lake, NEVER).replay(shard, "replay/run=0", span)

    stream = KinesisStream(client, site.stream)  # type: ignore[arg-type] # as above
    engine = PollEngine(stream, make, Stop(), drain=True, span=span)
    if refused:
        with pytest.raises(RefusedError, match="--source lake"):
            engine.run()
    else:
        engine.run()
        assert list(site.lake.keys("reports/replay/run=0/"))
