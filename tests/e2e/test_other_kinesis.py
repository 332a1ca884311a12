"""A worker against a Kinesis that others wrote: restarted, killed, and resharded under load."""

from __future__ import annotations

import random
import signal
import time
from typing import TYPE_CHECKING

import pytest

from tests.e2e.installation import SECONDS
from tests.e2e.test_drain import merge, open_shards, split

if TYPE_CHECKING:
    from infra.local.process import Process
    from tests.e2e.installation import Installation
    from tests.e2e.producer import Producer

pytestmark = [
    pytest.mark.parametrize("emulator", ["kinesis-local"]),
    pytest.mark.parametrize("engine", ["poll"]),
]

LIMITS = {"flush_records": 30, "flush_seconds": 0.5}
LOAD = 4  # records a put: kinesis-local becomes slow with some thousands on a shard
KILLS = 5


def shards_committed(installation: Installation) -> int:
    """Return of how many shards the lake has anything."""
    keys = installation.cloud.lake.keys("reports/live/")
    return len({key.rpartition("/")[2].split(".")[1] for key in keys})


def wait_committed(worker: Process, installation: Installation, producer: Producer) -> None:
    worker.wait_ready(lambda: installation.committed() == len(producer.acknowledged), SECONDS)


def test_a_worker_goes_on_where_the_one_before_it_stopped(
    installation: Installation, producer: Producer
) -> None:
    for life in range(3):
        producer.put(100)
        with installation.worker(f"life-{life}", **LIMITS) as worker:
            wait_committed(worker, installation, producer)
            assert worker.stop() == 0
        producer.check(installation.cloud.lake)


def test_a_drain_goes_on_where_the_one_before_it_stopped(
    installation: Installation, producer: Producer
) -> None:
    for life in range(3):
        producer.put(100)
        installation.drain(f"life-{life}")
        producer.check(installation.cloud.lake)


def test_a_split_under_load_loses_nothing_and_counts_no_deployment_twice(
    installation: Installation, producer: Producer
) -> None:
    producer.put_honest(60)
    early = list(producer.acknowledged.values())
    with installation.worker(**LIMITS) as worker:
        with producer.under_load(LOAD):
            worker.wait_ready(lambda: shards_committed(installation) == 2, SECONDS)
            split(installation, open_shards(installation)[0])
            worker.wait_ready(lambda: shards_committed(installation) == 4, SECONDS)
        producer.put_bodies(early)
        wait_committed(worker, installation, producer)
        assert worker.stop() == 0
    found = producer.check(installation.cloud.lake)
    assert found.outcomes["duplicate"] >= 60  # unless a midnight has come between


def test_a_merge_under_load_loses_nothing_and_counts_no_deployment_twice(
    installation: Installation, producer: Producer
) -> None:
    producer.put_honest(60)
    early = list(producer.acknowledged.values())
    with installation.worker(**LIMITS) as worker:
        with producer.under_load(LOAD):
            worker.wait_ready(lambda: shards_committed(installation) == 2, SECONDS)
            merge(installation, *open_shards(installation))
            worker.wait_ready(lambda: shards_committed(installation) == 3, SECONDS)
        producer.put_bodies(early)
        wait_committed(worker, installation, producer)
        assert worker.stop() == 0
    found = producer.check(installation.cloud.lake)
    assert found.outcomes["duplicate"] >= 60  # unless a midnight has come between


def kill_sometime(installation: Installation, name: str, moments: random.Random) -> None:
    """Kill a worker a moment after it has committed something."""
    before = installation.committed()
    with installation.worker(name, **LIMITS) as worker:
        worker.wait_ready(lambda: installation.committed() > before, SECONDS)
        time.sleep(moments.uniform(0, 0.3))
        assert worker.kill() == -signal.SIGKILL


def test_a_worker_killed_under_load_loses_nothing_and_doubles_nothing(
    installation: Installation, producer: Producer
) -> None:
    moments = random.Random(3)
    with producer.under_load(LOAD):
        for life in range(KILLS):
            kill_sometime(installation, f"life-{life}", moments)
    installation.drain()
    producer.check(installation.cloud.lake)
