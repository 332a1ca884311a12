"""How long something takes to settle batches of records, in processor time."""

import json
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from itertools import count
from typing import Final

from stream_worker.stream.records import Records
from tests.benchmarks import reports
from tests.support.worker import samples

BATCH: Final = 50_000
"""Records in a batch: a full flush of the worker."""

SHARD_ID: Final = samples.SHARD.shard_id


@dataclass(slots=True)
class Timing:
    """What some batches took: `cpu` and `wall` in seconds, `steps` the part of `cpu` by step."""

    records: int = 0
    cpu: float = 0.0
    wall: float = 0.0
    steps: dict[str, float] = field(default_factory=dict)

    @property
    def rate(self) -> float:
        """Records a second of processor time: a neighbour on the same core does not lower it."""
        return self.records / self.cpu


def batch(number: int, size: int = BATCH) -> Records:
    """Return the `number`-th batch of a shard: new deployments, and sequence numbers that go on."""
    return samples.records(reports.batch(number, size), number * size)


def time_batches(
    settle: Callable[[Records], object],
    seconds: float,
    size: int = BATCH,
    warmed_up: Callable[[], object] = lambda: None,
) -> Timing:
    """Settle batches until they have taken that much processor time.

    The first one is not counted; `warmed_up` is called after it. Each batch is made off the clock.
    """
    settle(batch(0, size))
    warmed_up()
    timing = Timing()
    for number in count(1):
        records = batch(number, size)
        wall, cpu = time.perf_counter(), time.process_time()
        settle(records)
        timing.cpu += time.process_time() - cpu
        timing.wall += time.perf_counter() - wall
        timing.records += len(records)
        if timing.cpu >= seconds:
            break
    return timing


def report(timing: Timing) -> None:
    """Print it for the process that asked."""
    print(json.dumps(asdict(timing)))  # noqa: T201 - how it hands its figures to who started it
