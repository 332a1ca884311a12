"""A commit may end between two members of an aggregate: the next worker goes on with the very next one."""

from __future__ import annotations

import random
import time
from typing import TYPE_CHECKING

import pytest

from tests.support import truth
from tests.support.e2e import family
from tests.support.e2e.installation import SECONDS, count

if TYPE_CHECKING:
    from tests.support.e2e.installation import Installation
    from tests.support.e2e.producer import Producer

KILLS = 2
LIMITS = {"flush_records": 7, "flush_seconds": 0.5, "kcl_failover_seconds": 1}


def ends_inside(installation: Installation, producer: Producer) -> int:
    """Return on how many shards the lake ends between two members of an aggregate."""
    ends: dict[tuple[str, int], int] = {}
    for shard_id, number, sub in truth.read(installation.cloud.lake).places:
        newest = max((key for key in ends if key[0] == shard_id), default=(shard_id, 0))
        if number >= newest[1]:
            ends.pop(newest, None)
            ends[shard_id, number] = sub
    return sum((shard_id, number, sub + 1) in producer.places for (shard_id, number), sub in ends.items())


@pytest.mark.parametrize("engine", ["kcl"])
def test_killed_between_two_members_it_settles_each_once(
    installation: Installation, producer: Producer
) -> None:
    moments = random.Random(7)
    inside = 0
    for life in range(KILLS):
        producer.put_aggregates(400)
        producer.put(20)
        with installation.worker(f"life-{life}", **LIMITS) as worker:
            worker.wait_ready(lambda of=worker: count(of, "segment.committed") > 2, SECONDS)  # type: ignore[misc] # bound to this turn's
            time.sleep(moments.uniform(0, 0.2))
            family.kill_everything(worker)
        inside += ends_inside(installation, producer)
    assert inside > 0
    with installation.worker("last", **LIMITS) as worker:
        worker.wait_ready(lambda: installation.committed() == len(producer.places), SECONDS)
        assert worker.stop(SECONDS) == 0
    producer.check(installation.cloud.lake)
