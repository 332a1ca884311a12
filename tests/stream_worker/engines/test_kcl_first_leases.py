"""Which shards get a lease before anything is read, and what a lease looks like."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from stream_worker.engines.kcl.leases import first_to_read, in_use, lease
from stream_worker.stream.kinesis import KinesisStream
from tests.support.worker.listed_shards import shard

if TYPE_CHECKING:
    from stream_worker.stream.shards import ListedShard
    from tests.conftest import Cloud

MIDDLE = str(2**127)


def numbers(shards: list[ListedShard]) -> list[int]:
    return [int(each.shard_id.removeprefix("shardId-")) for each in shards]


def listed(cloud: Cloud, stream: str) -> list[ListedShard]:
    return KinesisStream(cloud.kinesis, stream).listed()


@pytest.mark.parametrize(
    ("shards", "oldest", "newest"),
    [
        ([], [], []),
        ([shard(0), shard(1)], [0, 1], [0, 1]),
        ([shard(0, closed=True), shard(1, 0), shard(2, 0)], [0], [1, 2]),
        ([shard(0, closed=True), shard(1, closed=True), shard(2, 0, 1)], [0, 1], [2]),
        ([shard(0, closed=True), shard(1, 0, closed=True), shard(2, 1)], [0], [2]),
        ([shard(1, 0), shard(2, 0)], [1, 2], [1, 2]),  # the parent is no longer listed
        ([shard(2, 0, 1), shard(1, closed=True)], [1], [2]),  # one of two parents is
    ],
)
def test_the_oldest_are_read_from_the_trim_horizon_and_the_open_ones_from_the_latest(
    shards: list[ListedShard], oldest: list[int], newest: list[int]
) -> None:
    assert numbers(first_to_read(shards, "TRIM_HORIZON")) == oldest
    assert numbers(first_to_read(shards, "LATEST")) == newest


def test_after_a_split_and_a_merge_on_a_stream(cloud: Cloud, fresh_name: str) -> None:
    kinesis = cloud.kinesis
    kinesis.create_stream(StreamName=fresh_name, ShardCount=1)
    assert numbers(first_to_read(listed(cloud, fresh_name), "LATEST")) == [0]
    kinesis.split_shard(StreamName=fresh_name, ShardToSplit="shardId-000000000000", NewStartingHashKey=MIDDLE)
    assert numbers(first_to_read(listed(cloud, fresh_name), "TRIM_HORIZON")) == [0]
    assert numbers(first_to_read(listed(cloud, fresh_name), "LATEST")) == [1, 2]
    kinesis.merge_shards(
        StreamName=fresh_name,
        ShardToMerge="shardId-000000000001",
        AdjacentShardToMerge="shardId-000000000002",
    )
    assert numbers(first_to_read(listed(cloud, fresh_name), "TRIM_HORIZON")) == [0]
    assert numbers(first_to_read(listed(cloud, fresh_name), "LATEST")) == [3]
    merged = lease(listed(cloud, fresh_name)[3], "LATEST")
    assert merged["parentShardId"] == {"SS": ["shardId-000000000001", "shardId-000000000002"]}


def test_a_lease_is_as_the_library_makes_it() -> None:
    assert lease(shard(7), "TRIM_HORIZON") == {
        "leaseKey": {"S": "shardId-000000000007"},
        "leaseCounter": {"N": "0"},
        "ownerSwitchesSinceCheckpoint": {"N": "0"},
        "checkpoint": {"S": "TRIM_HORIZON"},
        "checkpointSubSequenceNumber": {"N": "0"},
        "startingHashKey": {"S": "0"},
        "endingHashKey": {"S": str(2**128 - 1)},
    }


def test_a_lease_is_in_use_once_a_daemon_has_had_it() -> None:
    fresh = lease(shard(0), "LATEST")
    assert not in_use(fresh)
    assert in_use(fresh | {"leaseOwner": {"S": "w0"}})
    assert in_use(fresh | {"leaseCounter": {"N": "1"}})
