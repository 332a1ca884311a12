"""The shards of a stream, as both engines list them."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from stream_worker.stream.kinesis import KinesisStream
from stream_worker.stream.shards import ancestors

if TYPE_CHECKING:
    from tests.conftest import Cloud


def test_ancestors_are_parents_and_theirs_as_far_as_they_are_listed() -> None:
    parents = {"d": ("b", "c"), "b": ("a",), "c": ("a", "gone"), "a": ("gone",), "e": ()}
    assert {name: ancestors(name, parents) for name in parents} == {
        "d": ("b", "c", "a"),
        "b": ("a",),
        "c": ("a",),
        "a": (),
        "e": (),
    }


def test_the_epoch_is_when_the_stream_was_made(cloud: Cloud, stream: str) -> None:
    summary = cloud.kinesis.describe_stream_summary(StreamName=stream)["StreamDescriptionSummary"]
    (shard,) = KinesisStream(cloud.kinesis, stream).shards()
    assert shard.epoch == int(summary["StreamCreationTimestamp"].timestamp())


def test_the_shards_share_out_all_hash_keys(cloud: Cloud, fresh_name: str) -> None:
    cloud.kinesis.create_stream(StreamName=fresh_name, ShardCount=3)
    one, two, three = (shard.hash_keys for shard in KinesisStream(cloud.kinesis, fresh_name).shards())
    assert (one.start, one.stop, two.stop, three.stop) == (0, two.start, three.start, 2**128)


def test_each_shard_is_looked_at_once_however_often_the_stream_was_split_and_merged() -> None:
    looked_at: Counter[str] = Counter()

    class Parents(dict[str, tuple[str, ...]]):
        def __getitem__(self, shard_id: str) -> tuple[str, ...]:
            looked_at[shard_id] += 1
            return super().__getitem__(shard_id)

    parents, last = Parents({"s": ()}), "s"
    for cycle in range(30):
        parents |= {f"a{cycle}": (last,), f"b{cycle}": (last,), f"m{cycle}": (f"a{cycle}", f"b{cycle}")}
        last = f"m{cycle}"
    assert set(ancestors(last, parents)) == set(parents) - {last}
    assert set(looked_at.values()) == {1}
