"""The worker's way from record bytes to Parquet bytes, as one process on one core takes it."""

import argparse
import functools
import time
from collections.abc import Callable
from typing import Any, Final

from stream_worker.judging import pipeline
from stream_worker.judging.judgement import JUDGEMENT
from stream_worker.judging.seen import Seen
from stream_worker.lake import segment
from stream_worker.lake.segment import Segment
from stream_worker.process.host import spare_the_collector
from stream_worker.stream.records import START, Position, Records
from tests.benchmarks import timing

_STEPS: Final[tuple[tuple[str, object, str], ...]] = (
    ("decode", pipeline, "decode"),
    ("validate", pipeline, "validate"),
    ("columns", pipeline._Valid, "frame"),  # noqa: SLF001 - a step that has no other name
    ("screen", pipeline, "screen"),
    ("dedupe", pipeline, "dedupe"),
    ("rows", pipeline, "_accepted_rows"),
    ("rows", pipeline, "_rejected_rows"),
    ("Parquet", segment, "parquet"),
    ("remember", Seen, "add"),
)


class WorkerPath:
    """What the worker does with a shard's batches between reading them and committing them."""

    def __init__(self, shard_id: str) -> None:
        self._shard_id = shard_id
        self._seen = Seen()
        self._end: Position = START

    def settle(self, records: Records) -> Segment:
        """Return the segment with both objects' bytes, and remember the nonces that it uses up."""
        settled = pipeline.settle(records, self._seen, self._shard_id)
        made = Segment.of(records, settled, self._end, JUDGEMENT)
        self._seen.add(settled.nonces)
        self._end = made.summary.last
        return made


def clocked(spent: dict[str, float]) -> None:
    """Put a clock around each step of this process; `spent` gets the processor time in seconds by step.

    No step is part of another, and each is called once a batch or once in a thousand records, so the clocks
    themselves take no time that shows.
    """
    for step, place, name in _STEPS:
        setattr(place, name, _clock(getattr(place, name), spent, step))


def _clock(function: Callable[..., Any], spent: dict[str, float], step: str) -> Callable[..., Any]:
    @functools.wraps(function)
    def timed(*arguments: object) -> object:
        started = time.process_time()
        try:
            return function(*arguments)
        finally:
            spent[step] = spent.get(step, 0.0) + time.process_time() - started

    return timed


def measure(seconds: float, *, by_step: bool) -> timing.Timing:
    """Settle batches for some seconds, with the collector set as the worker's command sets it."""
    spare_the_collector()
    spent: dict[str, float] = {}
    if by_step:
        clocked(spent)
    measured = timing.time_batches(WorkerPath(timing.SHARD_ID).settle, seconds, warmed_up=spent.clear)
    measured.steps = spent
    return measured


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, required=True)
    parser.add_argument("--by-step", action="store_true")
    given = parser.parse_args()
    timing.report(measure(given.seconds, by_step=given.by_step))
