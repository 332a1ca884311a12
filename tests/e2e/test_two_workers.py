"""Two workers at once on one stream and one lake, each asleep for a while in turn: as if there were one."""

from __future__ import annotations

import random
import signal
import time
from typing import TYPE_CHECKING

from tests.support.e2e.installation import count

if TYPE_CHECKING:
    from infra.local.process import Process
    from tests.support.e2e.installation import Installation
    from tests.support.e2e.producer import Producer

NAPS = 8
OVERTAKEN_BY = 3  # segments that the other commits while one sleeps


def sleep_and_wake_late(sleeper: Process, other: Process) -> None:
    """Stop a worker wherever it is, and wake it when the other has gone on without it."""
    committed = count(other, "segment.committed")
    overtaken = count(sleeper, "segment.overtaken")
    sleeper.send(signal.SIGSTOP)
    try:
        other.wait_ready(lambda: count(other, "segment.committed") >= committed + OVERTAKEN_BY)
    finally:
        sleeper.send(signal.SIGCONT)
    sleeper.wait_ready(lambda: count(sleeper, "segment.overtaken") > overtaken)


def test_two_workers_one_of_them_asleep_lose_nothing_and_double_nothing(
    installation: Installation, producer: Producer
) -> None:
    moments = random.Random(5)
    # Different limits: what one commits is never just what the other would have committed.
    with (
        installation.worker("a", flush_records=40, flush_seconds=0.3) as a,
        installation.worker("b", flush_records=70, flush_seconds=0.2) as b,
    ):
        with producer.under_load():
            for nap in range(NAPS):
                time.sleep(moments.uniform(0, 0.3))
                sleep_and_wake_late(*((a, b) if nap % 2 else (b, a)))
        assert (a.stop(), b.stop()) == (0, 0)
    installation.drain()
    found = producer.check(installation.cloud.lake)
    assert count(a, "segment.committed") + count(b, "segment.committed") <= len(found.summaries)


def test_a_worker_that_wakes_after_all_is_committed_adds_nothing(
    installation: Installation, producer: Producer
) -> None:
    with installation.worker("sleeper", flush_records=30, flush_seconds=0.2) as sleeper:
        with producer.under_load():
            sleeper.wait_ready(lambda: count(sleeper, "segment.committed") > 1)
            sleeper.send(signal.SIGSTOP)
            time.sleep(0.3)  # records for the other one
        installation.drain()
        producer.check(installation.cloud.lake)
        before = [key for key in installation.objects() if key.startswith("reports/")]
        sleeper.send(signal.SIGCONT)
        assert sleeper.stop() == 0
    assert [key for key in installation.objects() if key.startswith("reports/")] == before
    producer.check(installation.cloud.lake)
