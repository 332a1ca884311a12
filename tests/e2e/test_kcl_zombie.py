"""A worker on the real daemon that sleeps while another takes its shards: when it wakes, it adds nothing."""

from __future__ import annotations

import signal
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest

from stream_worker.shard_life.pulse import beats
from tests.e2e.test_kcl_life import lines, waiting
from tests.support.e2e import family
from tests.support.e2e.installation import count
from tests.support.e2e.outage import SECONDS, Stage

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from infra.local.process import Process
    from tests.support.e2e.installation import Installation
    from tests.support.e2e.producer import Producer

pytestmark = pytest.mark.parametrize("engine", ["kcl"])

FAILOVER_SECONDS = 1
HELD_SECONDS = 10
"""When what the sleeper holds is due: after it fell asleep and before it wakes, so that it is late."""


def test_a_worker_that_wakes_after_another_has_committed_what_it_holds_lets_go_of_it_and_works_on(
    installation: Installation, producer: Producer
) -> None:
    with installation.worker(
        "zombie", flush_records=10**6, flush_seconds=HELD_SECONDS, kcl_failover_seconds=FAILOVER_SECONDS
    ) as zombie:
        zombie.wait_ready(lambda: count(zombie, "shard.started") == 2, SECONDS)
        producer.put(400)
        zombie.wait_ready(lambda: waiting(installation.health_folder("zombie")) == 2, SECONDS)
        with asleep(zombie) as wake:
            assert installation.committed() == 0
            heir = installation.worker("heir", flush_seconds=0.3, kcl_failover_seconds=FAILOVER_SECONDS)
            with heir:
                stage = Stage(installation, producer, heir)
                stage.catch_up()
                zombie.wait_ready(lambda: is_due(installation.health_folder("zombie")), SECONDS)
                producer.check(installation.cloud.lake)
                with producer.under_load():
                    wake()
                    zombie.wait_ready(lambda: count(zombie, "shard.abandoned") >= 2, SECONDS)
                    # The library evens out how many shards each has: it gets one of them back.
                    zombie.wait_ready(lambda: count(zombie, "shard.started") >= 3, SECONDS)
                    zombie.wait_ready(lambda: count(zombie, "segment.committed") > 0, SECONDS)
                stage.catch_up()
                producer.check(installation.cloud.lake)
                assert heir.stop(SECONDS) == 0
        assert zombie.stop(SECONDS) == 0
    installation.drain()
    producer.check(installation.cloud.lake)
    let_go = [line["note"] for line in lines(zombie) if line["event"] == "shard.abandoned"]
    assert all("normal when another worker takes the shard" in str(note) for note in let_go)
    assert not {line["event"] for line in lines(zombie)} & {"worker.failed", "child.died", "shard.gap"}


@contextmanager
def asleep(worker: Process) -> Iterator[Callable[[], None]]:
    """Let a worker with all its processes sleep until it is woken, by the function given or at the end."""

    def wake() -> None:
        family.signal_everything(worker, signal.SIGCONT)

    family.signal_everything(worker, signal.SIGSTOP)
    try:
        yield wake
    finally:
        wake()


def is_due(folder: Path) -> bool:
    """Say whether what waits to be committed is late."""
    return all(beat.seconds(time.time()) > HELD_SECONDS for beat in beats(folder))
