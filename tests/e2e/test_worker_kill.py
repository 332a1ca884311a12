"""kill -9 of the worker at random moments under load: each record still ends in exactly one place."""

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

ROUNDS = 26
LONGEST_START = 0.6  # seconds from its first line until a worker has read what was committed and goes on
LONGEST_STEP = 0.15  # seconds after a commit: several further ones begin in that time
LIMITS = {"flush_records": 60, "flush_seconds": 0.5}


def kill_sometime(worker: Process, moments: random.Random) -> bool:
    """Kill the worker while it starts, or else while it commits; say whether it had committed anything."""
    if moments.random() < 1 / 3:
        time.sleep(moments.uniform(0, LONGEST_START))
    else:
        worker.wait_ready(lambda: count(worker, "segment.committed") > 0)
        time.sleep(moments.uniform(0, LONGEST_STEP))
    assert worker.returncode is None, worker.tail()
    assert worker.kill() == -signal.SIGKILL
    return count(worker, "segment.committed") > 0


def test_a_worker_killed_at_random_moments_loses_nothing_and_doubles_nothing(
    installation: Installation, producer: Producer
) -> None:
    moments = random.Random(20)
    with producer.under_load():
        killed_at_work = [
            kill_sometime(installation.worker(f"worker-{number}", **LIMITS), moments)
            for number in range(ROUNDS)
        ]
    installation.drain(**LIMITS)
    found = producer.check(installation.cloud.lake)
    orphans = len(list(installation.cloud.lake.keys("rejects/"))) - sum(
        bool(summary.rejects) for summary in found.summaries
    )
    print(  # noqa: T201 - pytest shows it when asked (-rP): how varied the moments were
        f"{ROUNDS} kills, {sum(killed_at_work)} of them at work; {len(producer.acknowledged)} records, "
        f"{len(found.summaries)} segments, {orphans} orphaned rejects, {found.outcomes}"
    )
    assert ROUNDS / 3 < sum(killed_at_work) < ROUNDS
    assert set(found.outcomes) == {"accepted", "malformed", "invalid", "fraud", "duplicate"}
