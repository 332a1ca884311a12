"""Two workers on the daemon share a stream, hand it over and take it over, while it is resharded."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from infra.local import resources, system
from stream_worker.shard_life.pulse import beats
from tests.support.e2e import family
from tests.support.e2e.installation import Installation, count
from tests.support.e2e.reshard import merge, open_shards, split

if TYPE_CHECKING:
    from pathlib import Path

    from infra.local.process import Process
    from tests.conftest import Cloud
    from tests.support.e2e.producer import Producer

LIMITS = {"flush_records": 50, "flush_seconds": 0.5, "kcl_failover_seconds": 2}

SECONDS = 180
"""A bound, not an expectation: two daemons and a producer on two busy cores hand leases over slowly."""


@pytest.fixture
def installation(cloud: Cloud, fresh_name: str, tmp_path: Path) -> Installation:
    """Make a stream of four shards for workers on the daemon."""
    names = resources.Resources(stream=fresh_name, shards=4, bucket=fresh_name, database=fresh_name)
    made = system.Cloud(cloud.endpoint, names)
    resources.create(names, kinesis=made.kinesis, s3=made.s3, glue=made.glue)
    return Installation(made, tmp_path, "kcl")


def held(installation: Installation, worker: str) -> set[str]:
    """Return the shards that a worker's children have begun and neither finished nor let go of."""
    return {beat.shard_id for beat in beats(installation.health_folder(worker))}


def wanted(installation: Installation) -> set[str]:
    return {shard["ShardId"] for shard in open_shards(installation)}


def owners(cloud: Cloud, installation: Installation) -> set[str]:
    """Return who has a lease, as the library itself has it."""
    items = cloud.dynamodb.scan(TableName=installation.cloud.resources.stream, ConsistentRead=True)["Items"]
    return {item["leaseOwner"]["S"] for item in items if "leaseOwner" in item}


def worker_id(worker: Process) -> str:
    lines = map(json.loads, worker.log.read_text(encoding="utf-8").splitlines())
    (name,) = (line["worker_id"] for line in lines if line["event"] == "daemon.started")
    return str(name)


def test_workers_share_hand_over_and_take_over_while_the_stream_is_resharded(
    cloud: Cloud, installation: Installation, producer: Producer
) -> None:
    def each_held_once() -> bool:
        one, two = held(installation, "a"), held(installation, "b")
        return not one & two and one | two == wanted(installation)

    def both_work() -> bool:
        return each_held_once() and bool(held(installation, "a") and held(installation, "b"))

    with (
        producer.under_load(),
        installation.worker("a", **LIMITS) as a,
        installation.worker("b", **LIMITS) as b,
    ):
        for worker in (a, b):
            worker.wait_ready(lambda of=worker: count(of, "segment.committed") > 0, SECONDS)  # type: ignore[misc] # bound to this turn's
        b.wait_ready(both_work, SECONDS)
        assert owners(cloud, installation) == {worker_id(a), worker_id(b)}
        assert worker_id(a) != worker_id(b)

        # Each worker takes its share of all leases, and those of finished shards count until they are cleaned
        # up: all that is new may go to one of the two.
        first, second, third, _ = sorted(open_shards(installation), key=lambda shard: shard["ShardId"])
        split(installation, first)
        merge(installation, second, third)
        b.wait_ready(each_held_once, SECONDS)

        assert a.stop(SECONDS) == 0
        b.wait_ready(lambda: held(installation, "b") == wanted(installation), SECONDS)
        split(installation, open_shards(installation)[-1])
        b.wait_ready(lambda: held(installation, "b") == wanted(installation), SECONDS)

        family.kill_everything(b)
        with installation.worker("c", **LIMITS) as c:
            c.wait_ready(lambda: held(installation, "c") == wanted(installation), SECONDS)
            assert c.stop(SECONDS) == 0
    with installation.worker("d", **LIMITS) as d:
        d.wait_ready(lambda: installation.committed() == len(producer.acknowledged), SECONDS)
        assert d.stop(SECONDS) == 0
    producer.check(installation.cloud.lake)
    assert len({worker_id(worker) for worker in (a, b, c, d)}) == 4
