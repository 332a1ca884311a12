"""The six lies: each is still told by moto as it comes, and none by the emulator, asked over HTTP."""

from __future__ import annotations

import threading
from collections import OrderedDict
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any, Literal

import pytest
from botocore.exceptions import ClientError
from moto.kinesis.models import KinesisBackend, Record, Shard

from tests.support.local.shards import Reader, put

if TYPE_CHECKING:
    from tests.conftest import Cloud

MIDDLE = str(2**127)


@pytest.fixture
def reader(cloud: Cloud, stream: str) -> Reader:
    return Reader(cloud.kinesis, stream)


def moto_stream() -> KinesisBackend:
    backend = KinesisBackend("us-east-1", "123456789012")
    backend.create_stream("s", 1)
    for body in ("AA==", "AQ=="):
        backend.put_record("", "s", "k", "", body)
    return backend


def moto_read(backend: KinesisBackend, shard_id: str) -> tuple[str, list[Record], int]:
    iterator = backend.get_shard_iterator(None, "s", shard_id, "TRIM_HORIZON", 0, None)  # type: ignore[arg-type] # moto ignores the time here
    return backend.get_records(None, iterator, None)


# 1. concurrent puts


def test_moto_still_gives_two_puts_the_same_number() -> None:
    together = threading.Barrier(2)

    class Watched(Shard):
        def get_max_sequence_number(self) -> int:
            found: int = super().get_max_sequence_number()
            together.wait(timeout=2)  # both have looked before either stores: breaks if moto has a lock
            return found

    shard = Watched(0, 0, 2**128 - 1)
    shard.records[1] = Record("k", "AA==", 1, "")
    with ThreadPoolExecutor(2) as threads:
        numbers = list(threads.map(lambda body: shard.put_record("k", body, ""), ["AQ==", "Ag=="]))
    assert numbers == ["2", "2"]
    assert len(shard.records) == 2


def test_every_acknowledged_record_can_be_read_once(cloud: Cloud, reader: Reader) -> None:
    def load(thread: int) -> list[str]:
        bodies = [b"%d-%d" % (thread, index) for index in range(500)]
        return [number for _ in range(3) for number in put(cloud.kinesis, reader.stream, *bodies)]

    with ThreadPoolExecutor(8) as threads:
        acknowledged = [number for numbers in threads.map(load, range(8)) for number in numbers]
    (shard_id,) = reader.shard_ids()
    read = [record["SequenceNumber"] for record in reader.records(shard_id)]
    assert len(set(acknowledged)) == 8 * 3 * 500
    assert sorted(acknowledged, key=int) == read


# 2. the cost of a put


def test_moto_still_looks_at_every_number_to_find_the_next() -> None:
    class Counting(OrderedDict[int, Record]):
        looked = 0

        def keys(self) -> Any:  # noqa: ANN401 - OrderedDict's own type has no public name
            self.looked += len(self)
            return super().keys()

    shard = Shard(0, 0, 2**128 - 1)
    records = Counting((number, Record("k", "AA==", number, "")) for number in range(1, 101))
    shard.records = records
    shard.put_record("k", "AQ==", "")
    assert records.looked >= 100


# 3. the end of a closed shard


def test_moto_still_never_ends_a_closed_shard() -> None:
    backend = moto_stream()
    backend.split_shard("", "s", "shardId-000000000000", MIDDLE)
    following, _, _ = moto_read(backend, "shardId-000000000000")
    assert following


def test_a_closed_shard_ends_and_names_its_children(cloud: Cloud, reader: Reader) -> None:
    put(cloud.kinesis, reader.stream, b"a", b"b")
    (parent,) = reader.shard_ids()
    cloud.kinesis.split_shard(StreamName=reader.stream, ShardToSplit=parent, NewStartingHashKey=MIDDLE)
    first, last = reader.pages(reader.iterator(parent), limit=1)
    assert "NextShardIterator" in first
    assert "ChildShards" not in first
    assert [record["Data"] for record in last["Records"]] == [b"b"]
    assert "NextShardIterator" not in last
    assert last["MillisBehindLatest"] == 0
    assert last["ChildShards"] == [
        {
            "ShardId": "shardId-000000000001",
            "ParentShards": [parent],
            "HashKeyRange": {"StartingHashKey": "0", "EndingHashKey": str(2**127 - 1)},
        },
        {
            "ShardId": "shardId-000000000002",
            "ParentShards": [parent],
            "HashKeyRange": {"StartingHashKey": MIDDLE, "EndingHashKey": str(2**128 - 1)},
        },
    ]


@pytest.mark.parametrize("kind", ["TRIM_HORIZON", "LATEST"])
def test_an_empty_closed_shard_ends_at_once(
    cloud: Cloud, reader: Reader, kind: Literal["TRIM_HORIZON", "LATEST"]
) -> None:
    cloud.kinesis.split_shard(
        StreamName=reader.stream, ShardToSplit="shardId-000000000000", NewStartingHashKey=MIDDLE
    )
    (page,) = reader.pages(reader.iterator("shardId-000000000000", kind))
    assert (page["Records"], "NextShardIterator" in page, len(page["ChildShards"])) == ([], False, 2)


# 4. reshards


def test_moto_still_numbers_a_parents_records_anew_and_still_puts_to_it() -> None:
    backend = moto_stream()
    stream = backend.streams["s"]
    records = list(stream.shards["shardId-000000000000"].records.values())
    backend.split_shard("", "s", "shardId-000000000000", MIDDLE)
    left = [record for shard in stream.shards.values() for record in shard.records.values()]
    assert len(left) == len(records)
    assert not any(new is old for new in left for old in records)
    before = {shard_id: len(shard.records) for shard_id, shard in stream.shards.items()}
    backend.put_record("", "s", "k", "", "Ag==")
    parent = stream.shards["shardId-000000000000"]
    assert len(parent.records) == before[parent.shard_id] + 1


def test_a_split_leaves_the_parents_records_alone_and_puts_go_to_the_child(
    cloud: Cloud, reader: Reader
) -> None:
    put(cloud.kinesis, reader.stream, b"a", b"b")
    (parent,) = reader.shard_ids()
    before = reader.records(parent)
    cloud.kinesis.split_shard(StreamName=reader.stream, ShardToSplit=parent, NewStartingHashKey=MIDDLE)
    (number,) = put(cloud.kinesis, reader.stream, b"c")
    assert reader.records(parent) == before
    children = reader.shard_ids()[1:]
    assert sorted(len(reader.data(child)) for child in children) == [0, 1]
    assert int(number) > int(before[-1]["SequenceNumber"])


def test_a_merge_leaves_both_parents_records_alone(cloud: Cloud, fresh_name: str) -> None:
    cloud.kinesis.create_stream(StreamName=fresh_name, ShardCount=2)
    reader = Reader(cloud.kinesis, fresh_name)
    parents = reader.shard_ids()
    for key in range(20):
        put(cloud.kinesis, fresh_name, b"%d" % key, key=str(key))
    before = [reader.records(parent) for parent in parents]
    assert all(before)
    cloud.kinesis.merge_shards(
        StreamName=fresh_name, ShardToMerge=parents[1], AdjacentShardToMerge=parents[0]
    )
    (number,) = put(cloud.kinesis, fresh_name, b"after")
    assert [reader.records(parent) for parent in parents] == before
    child = cloud.kinesis.list_shards(StreamName=fresh_name)["Shards"][2]
    assert (child["ParentShardId"], child["AdjacentParentShardId"]) == (parents[1], parents[0])
    assert reader.data(child["ShardId"]) == [b"after"]
    assert all(int(number) > int(record["SequenceNumber"]) for records in before for record in records)


def test_a_closed_shards_numbers_have_an_end_past_its_last_record(cloud: Cloud, reader: Reader) -> None:
    (number,) = put(cloud.kinesis, reader.stream, b"a")
    cloud.kinesis.split_shard(
        StreamName=reader.stream, ShardToSplit="shardId-000000000000", NewStartingHashKey=MIDDLE
    )
    described = cloud.kinesis.describe_stream(StreamName=reader.stream)["StreamDescription"]["Shards"]
    assert described == cloud.kinesis.list_shards(StreamName=reader.stream)["Shards"]
    parent, *children = [shard["SequenceNumberRange"] for shard in described]
    assert int(parent["StartingSequenceNumber"]) < int(number) < int(parent["EndingSequenceNumber"])
    for child in children:
        assert int(child["StartingSequenceNumber"]) > int(parent["EndingSequenceNumber"])
        assert "EndingSequenceNumber" not in child


def test_a_closed_shard_can_be_neither_split_nor_merged(cloud: Cloud, reader: Reader) -> None:
    split: dict[str, Any] = {"StreamName": reader.stream, "ShardToSplit": "shardId-000000000000"}
    cloud.kinesis.split_shard(**split, NewStartingHashKey=MIDDLE)
    with pytest.raises(cloud.kinesis.exceptions.InvalidArgumentException):
        cloud.kinesis.split_shard(**split, NewStartingHashKey=MIDDLE)
    summary = cloud.kinesis.describe_stream_summary(StreamName=reader.stream)["StreamDescriptionSummary"]
    assert summary["OpenShardCount"] == 2


def test_a_new_shard_count_is_reached_by_splits_and_merges(cloud: Cloud, reader: Reader) -> None:
    put(cloud.kinesis, reader.stream, b"a")
    cloud.kinesis.update_shard_count(
        StreamName=reader.stream, TargetShardCount=2, ScalingType="UNIFORM_SCALING"
    )
    cloud.kinesis.update_shard_count(
        StreamName=reader.stream, TargetShardCount=1, ScalingType="UNIFORM_SCALING"
    )
    put(cloud.kinesis, reader.stream, b"b")
    assert [reader.data(shard_id) for shard_id in reader.shard_ids()] == [[b"a"], [], [], [b"b"]]


@pytest.mark.parametrize("hash_key", ["0", MIDDLE, str(2**127 - 1), str(2**128 - 1)])
def test_the_edges_of_the_hash_range_belong_to_a_shard(cloud: Cloud, fresh_name: str, hash_key: str) -> None:
    cloud.kinesis.create_stream(StreamName=fresh_name, ShardCount=2)
    answer = cloud.kinesis.put_record(
        StreamName=fresh_name, Data=b"a", PartitionKey="k", ExplicitHashKey=hash_key
    )
    assert answer["ShardId"] == f"shardId-{int(hash_key) >> 127:012d}"


# 5. sequence numbers


def test_moto_still_counts_one_two() -> None:
    _, records, _ = moto_read(moto_stream(), "shardId-000000000000")
    assert [record.sequence_number for record in records] == [1, 2]


def test_numbers_look_like_the_real_ones(cloud: Cloud, stream: str) -> None:
    numbers = put(cloud.kinesis, stream, b"a", b"b")
    assert [len(number) for number in numbers] == [56, 56]
    assert int(numbers[1]) > int(numbers[0])


def test_the_limits_of_put_records_are_kinesis_own(cloud: Cloud, stream: str) -> None:
    with pytest.raises(ClientError, match="less than or equal to 500") as refused:
        put(cloud.kinesis, stream, *[b"a"] * 501)
    assert refused.value.response["Error"]["Code"] == "ValidationException"
    with pytest.raises(ClientError, match="1048576"):
        put(cloud.kinesis, stream, b"a" * (1024 * 1024 + 1))
    assert Reader(cloud.kinesis, stream).data("shardId-000000000000") == []
