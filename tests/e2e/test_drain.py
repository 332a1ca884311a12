"""`stream-worker run --drain`: to the tip of every shard as it was at the start, and no further."""

from __future__ import annotations

from typing import TYPE_CHECKING

import orjson

from tests.support import truth
from tests.support.e2e.installation import count
from tests.support.e2e.reshard import merge, open_shards, split

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.e2e.installation import Installation
    from tests.support.e2e.producer import Producer


def shards_in_order(log: Path, event: str) -> list[str]:
    lines = (orjson.loads(line) for line in log.read_bytes().splitlines())
    return [line["shard_id"] for line in lines if line["event"] == event]


def test_it_commits_up_to_the_tip_though_no_limit_is_reached_and_then_finds_nothing_more(
    installation: Installation, producer: Producer
) -> None:
    producer.put(300)
    installation.drain()
    producer.check(installation.cloud.lake)
    keys = installation.objects()
    assert count(installation.drain("again"), "segment.committed") == 0
    assert installation.objects() == keys
    producer.put(100)
    installation.drain("more")
    producer.check(installation.cloud.lake)
    assert set(keys) < set(installation.objects())
    installation.check_days()


def test_an_empty_stream_is_drained_at_once(installation: Installation) -> None:
    installation.drain()
    assert installation.objects() == []


def test_a_deployment_that_reports_before_and_after_a_reshard_counts_once(
    installation: Installation, producer: Producer
) -> None:
    producer.put_honest(80)
    first, second = open_shards(installation)
    split(installation, first)
    producer.put_again()
    producer.put_honest(40)
    children = [shard for shard in open_shards(installation) if shard["ShardId"] != second["ShardId"]]
    neighbour = max(children, key=lambda shard: int(shard["HashKeyRange"]["EndingHashKey"]))
    merge(installation, neighbour, second)
    producer.put_again()
    producer.put(100)
    drained = installation.drain()
    found = producer.check(installation.cloud.lake)
    assert found.outcomes["duplicate"] >= 80  # 200, unless a midnight has come between
    started = shards_in_order(drained.log, "shard.started")
    assert sorted(started) == started
    assert len(started) == 5


def test_a_page_that_takes_long_to_commit_is_not_the_last(
    installation: Installation, producer: Producer
) -> None:
    for _ in range(3):
        producer.put_long(70)  # 13 MB: more than a page
    installation.drain(flush_records=1)
    assert installation.committed() == len(producer.acknowledged)


def test_it_ends_although_a_producer_keeps_putting(installation: Installation, producer: Producer) -> None:
    producer.put(500)
    with producer.under_load():
        before = set(producer.acknowledged.copy())
        installation.drain(flush_records=50)
    found = truth.read(installation.cloud.lake)
    assert before <= set(found.positions)
    assert len(found.positions) < len(producer.acknowledged)
    installation.drain("rest")
    producer.check(installation.cloud.lake)
