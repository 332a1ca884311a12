"""The stream as a source of replays, on the emulated Kinesis with a clock that is set."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from stream_worker.days.replay import Replay
from stream_worker.days.stream_source import StreamSource
from stream_worker.engines.poll import PollEngine
from stream_worker.lake.chain import Chain
from stream_worker.lake.committed import read_day
from stream_worker.lake.keys import LIVE
from stream_worker.process.errors import RefusedError
from stream_worker.process.stop import Stop
from stream_worker.shard_life.processor import Processor
from stream_worker.stream.kinesis import KinesisStream
from tests.support.e2e.aggregates import Member, aggregate
from tests.support.worker.past_days import DAY, FIRST_SHARD, MIDNIGHT, NOON, drain, set_clock
from tests.support.worker.polling import NEVER, put, split
from tests.support.worker.samples import body
from tests.support.worker.sealing import SPAN, Theatre, same

if TYPE_CHECKING:
    from stream_worker.process.progress import Move
    from stream_worker.stream.shard import Shard
    from stream_worker.stream.span import Span
    from tests.conftest import Cloud


def source(cloud: Cloud, stream: str, theatre: Theatre, now: datetime) -> StreamSource:
    kinesis = KinesisStream(cloud.kinesis, stream)

    def read_again(span: Span, target: str, _: Move) -> bool:
        def make_processor(shard: Shard) -> Processor:
            return Processor(
                Chain(theatre.stage, shard, target), NEVER, lambda _: None, judgement=theatre.judgement
            )

        PollEngine(kinesis, make_processor, Stop(), drain=True, span=span, page=5).run()
        return True

    return StreamSource(kinesis, theatre.stage, read_again, lambda: now)


def test_a_day_that_is_read_again_has_the_rows_of_live_though_midnight_is_inside_a_page(
    cloud: Cloud, one_shard: str
) -> None:
    theatre = Theatre()
    theatre.now = MIDNIGHT + timedelta(hours=1)
    for at, jitter in ((NOON, 30), (MIDNIGHT - timedelta(seconds=10), 30), (MIDNIGHT, 30)):
        set_clock(cloud, one_shard, at, jitter)
        put(cloud, one_shard, range(30))
        members = [Member(f"key-{number}", body(number + 500)) for number in range(4)]
        cloud.kinesis.put_record(StreamName=one_shard, Data=aggregate(*members), PartitionKey="k")
        if at == NOON:
            split(cloud, one_shard, FIRST_SHARD)
    set_clock(cloud, one_shard, MIDNIGHT + timedelta(minutes=10))
    put(cloud, one_shard, range(50))
    drain(cloud, one_shard, theatre.stage)
    theatre.proofs.shards = ()
    theatre.seal.seal(DAY)
    sealed = theatre.shown(DAY)
    assert len(sealed["reports"]) > 30
    theatre.stage.effects.clear()
    again = source(cloud, one_shard, theatre, MIDNIGHT - timedelta(hours=1))
    replay = Replay(theatre.stage, theatre.publication, theatre.runs, again, theatre.tick)
    (done,) = replay.replay(SPAN)
    assert done.changes == []
    assert same(theatre.shown(DAY), sealed)
    theatre.check_run(DAY)


def test_a_span_that_the_stream_no_longer_retains_is_refused(cloud: Cloud, one_shard: str) -> None:
    theatre = Theatre()
    with pytest.raises(RefusedError, match=r"replay from 2026-11-24 on, .* --source lake"):
        source(cloud, one_shard, theatre, MIDNIGHT + timedelta(hours=24)).check(SPAN, {})
    source(cloud, one_shard, theatre, MIDNIGHT - timedelta(seconds=60)).check(SPAN, {})
    with pytest.raises(RefusedError):
        source(cloud, one_shard, theatre, MIDNIGHT - timedelta(seconds=59)).check(SPAN, {})


def test_a_shard_that_the_stream_has_forgotten_is_refused(cloud: Cloud, one_shard: str) -> None:
    theatre = Theatre()
    set_clock(cloud, one_shard, NOON)
    put(cloud, one_shard, [1])
    drain(cloud, one_shard, theatre.stage)
    live = {DAY: read_day(theatre.stage, LIVE, DAY)}
    source(cloud, one_shard, theatre, MIDNIGHT - timedelta(hours=1)).check(SPAN, live)
    for key in list(theatre.stage.keys("reports/live/")):
        gone = key.replace(FIRST_SHARD, "shardId-000000000777")
        theatre.stage.objects[gone] = theatre.stage.objects[key]
    live = {DAY: read_day(theatre.stage, LIVE, DAY)}
    with pytest.raises(RefusedError, match="use --source lake") as refused:
        source(cloud, one_shard, theatre, MIDNIGHT - timedelta(hours=1)).check(SPAN, live)
    assert [problem.shard_id for problem in refused.value.problems] == ["shardId-000000000777"]
