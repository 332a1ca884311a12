"""Each engine against a Kinesis that others wrote: restarted, killed, resharded; the daemon on ours, too.

The library does not mind what kinesis-local says of closed shards: it does not look at where they end.
"""

from __future__ import annotations

import random
import time
from typing import TYPE_CHECKING

import pytest

from tests.support.e2e import family
from tests.support.e2e.installation import SECONDS, count
from tests.support.e2e.reshard import merge, open_shards, split
from tests.support.soak import soaked

if TYPE_CHECKING:
    from collections.abc import Callable

    from infra.local.process import Process
    from tests.support.e2e.installation import Installation
    from tests.support.e2e.producer import Producer

THEIRS = pytest.mark.parametrize(
    ("engine", "emulator"), [("poll", "kinesis-local"), ("kcl", "kinesis-local")]
)
ALL = pytest.mark.parametrize(
    ("engine", "emulator"), soaked([("kcl", "kinesis-local"), ("poll", "kinesis-local"), ("kcl", "moto")])
)
POLL = pytest.mark.parametrize(("engine", "emulator"), [("poll", "kinesis-local")])
KCL = pytest.mark.parametrize(("engine", "emulator"), soaked([("kcl", "kinesis-local"), ("kcl", "moto")]))

LIMITS = {"flush_records": 30, "flush_seconds": 0.5, "kcl_failover_seconds": 1}
LOAD = 4  # records a put: kinesis-local becomes slow with some thousands on a shard
LIVES = {"poll": 3, "kcl": 2}
KILLS = {"poll": 5, "kcl": 2}


def shards_committed(installation: Installation) -> int:
    """Return of how many shards the lake has anything."""
    keys = installation.cloud.lake.keys("reports/live/")
    return len({key.rpartition("/")[2].split(".")[1] for key in keys})


def wait_committed(worker: Process, installation: Installation, producer: Producer) -> None:
    worker.wait_ready(lambda: installation.committed() == len(producer.acknowledged), SECONDS)


@THEIRS
def test_a_worker_goes_on_where_the_one_before_it_stopped(
    installation: Installation, producer: Producer
) -> None:
    for life in range(LIVES[installation.engine]):
        producer.put(100)
        with installation.worker(f"life-{life}", **LIMITS) as worker:
            wait_committed(worker, installation, producer)
            assert worker.stop(SECONDS) == 0
        producer.check(installation.cloud.lake)


@POLL
def test_a_drain_goes_on_where_the_one_before_it_stopped(
    installation: Installation, producer: Producer
) -> None:
    for life in range(3):
        producer.put(100)
        installation.drain(f"life-{life}")
        producer.check(installation.cloud.lake)


@ALL
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
        assert worker.stop(SECONDS) == 0
    found = producer.check(installation.cloud.lake)
    assert found.outcomes["duplicate"] >= 60  # unless a midnight has come between


@ALL
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
        assert worker.stop(SECONDS) == 0
    found = producer.check(installation.cloud.lake)
    assert found.outcomes["duplicate"] >= 60  # unless a midnight has come between


def kill_sometime(installation: Installation, name: str, moments: random.Random) -> None:
    """Kill a worker a moment after it has committed something."""
    before = installation.committed()
    with installation.worker(name, **LIMITS) as worker:
        worker.wait_ready(lambda: installation.committed() > before, SECONDS)
        time.sleep(moments.uniform(0, 0.3))
        family.kill_everything(worker)


@THEIRS
def test_a_worker_killed_under_load_loses_nothing_and_doubles_nothing(
    installation: Installation, producer: Producer
) -> None:
    moments = random.Random(3)
    with producer.under_load(LOAD):
        for life in range(KILLS[installation.engine]):
            kill_sometime(installation, f"life-{life}", moments)
    installation.drain()
    producer.check(installation.cloud.lake)


def at_once(_worker: Process, _installation: Installation) -> bool:
    return True


def when_the_parent_has_ended(worker: Process, _installation: Installation) -> bool:
    return count(worker, "shard.finished") > 0


def when_both_children_have_committed(_worker: Process, installation: Installation) -> bool:
    return open_shards_committed(installation)


def open_shards_committed(installation: Installation) -> bool:
    keys = installation.cloud.lake.keys("reports/live/")
    committed = {key.rpartition("/")[2].split(".")[1] for key in keys}
    return {shard["ShardId"] for shard in open_shards(installation)} <= committed


MOMENTS: list[Callable[[Process, Installation], bool]] = [
    at_once,
    when_the_parent_has_ended,
    when_both_children_have_committed,
]


@KCL
def test_a_worker_stopped_around_a_split_ends_with_status_0_and_leaves_all_to_the_next(
    installation: Installation, producer: Producer
) -> None:
    # The daemon alone would wait out its time, and begin again with the shards that it has just let go of.
    with producer.under_load(LOAD):
        for moment in MOMENTS:
            with installation.worker(moment.__name__, **LIMITS) as worker:
                worker.wait_ready(lambda: open_shards_committed(installation), SECONDS)
                split(installation, open_shards(installation)[0])
                worker.wait_ready(lambda at=moment, of=worker: at(of, installation), SECONDS)  # type: ignore[misc] # bound to this turn's
                assert worker.stop(SECONDS) == 0
    with installation.worker("last", **LIMITS) as worker:
        wait_committed(worker, installation, producer)
        assert worker.stop(SECONDS) == 0
    producer.check(installation.cloud.lake)
