"""A worker that is asked to stop commits what it has read and ends with status 0; age alone commits, too."""

from __future__ import annotations

import signal
import time
from typing import TYPE_CHECKING

import pytest

from tests.support import truth
from tests.support.e2e.installation import count
from tests.support.local.shards import Reader
from tests.support.soak import soaked

if TYPE_CHECKING:
    from tests.support.e2e.installation import Installation
    from tests.support.e2e.producer import Producer

PROMPTLY = 8  # seconds: ECS gives 30
STOPS = pytest.mark.parametrize("number", soaked([signal.SIGTERM, signal.SIGINT]))


@STOPS
def test_a_signal_commits_everything_read_before_it_is_due(
    installation: Installation, producer: Producer, number: signal.Signals
) -> None:
    for _ in range(3):
        producer.put(500)
    reader = Reader(installation.cloud.kinesis, installation.cloud.resources.stream)
    longest = max(len(reader.records(shard_id)) for shard_id in reader.shard_ids())
    # A shard is read in one page. The first commit shows that it has been; the rest of the page is not due.
    limits = {"flush_records": longest // 2 + 50, "flush_seconds": 3600}
    with installation.worker(**limits) as worker:
        worker.wait_ready(lambda: count(worker, "segment.committed") == 2)
        assert installation.committed() < len(producer.acknowledged)
        worker.send(number)
        assert worker.wait(PROMPTLY) == 0
    producer.check(installation.cloud.lake)


@STOPS
def test_an_idle_worker_ends_at_once_and_leaves_nothing(
    installation: Installation, number: signal.Signals
) -> None:
    with installation.worker() as worker:
        worker.wait_ready(lambda: count(worker, "shard.started") == 2)
        worker.send(number)
        assert worker.wait(PROMPTLY) == 0
    assert installation.objects() == []
    assert count(worker, "worker.stopped") == 1


def test_a_worker_stopped_under_load_has_committed_the_head_of_each_shard(
    installation: Installation, producer: Producer
) -> None:
    with (
        producer.under_load(),
        installation.worker(flush_records=100, flush_seconds=0.5) as worker,
    ):
        worker.wait_ready(lambda: count(worker, "segment.committed") > 3)
        worker.send(signal.SIGTERM)
        assert worker.wait(PROMPTLY) == 0
    found = truth.read(installation.cloud.lake).positions
    for shard_id in {shard_id for shard_id, _ in found}:
        put = sorted(place for place in producer.acknowledged if place[0] == shard_id)
        committed = [place for place in found if place[0] == shard_id]
        assert committed == put[: len(committed)]
    assert len(found) < len(producer.acknowledged)


def test_age_alone_commits_what_lies_on_an_idle_shard(installation: Installation, producer: Producer) -> None:
    with installation.worker(flush_seconds=1) as worker:
        worker.wait_ready(lambda: count(worker, "shard.started") == 2)
        started = time.monotonic()
        producer.put(40)
        worker.wait_ready(lambda: installation.committed() == 40)
        assert time.monotonic() - started >= 1
        assert count(worker, "segment.committed") <= 2 + 2  # one a shard, and one more at midnight
        producer.check(installation.cloud.lake)
