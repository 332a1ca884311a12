"""The worker's processor path, beside a plain script that settles the same records."""

import io
from collections.abc import Sequence
from statistics import median
from typing import Final

import polars as pl
from polars.testing import assert_frame_equal

from schemas.tables import REPORTS
from stream_worker.stream.records import Records
from tests.benchmarks import fresh, timing
from tests.benchmarks.figure import Figure, Result, Tick, at_least, ratios
from tests.benchmarks.script import PlainScript
from tests.benchmarks.timing import Timing
from tests.benchmarks.worker_path import WorkerPath

ONE_THREAD: Final = {"POLARS_MAX_THREADS": "1"}
"""For a process that measures Polars on one core; Polars reads it when it is imported."""

MEASUREMENTS: Final = {
    "worker": ("worker_path",),
    "plain script": ("script",),
    "worker, step by step": ("worker_path", "--by-step"),
}
"""What a round measures, in this order, and the command of each."""


def measure(seconds: float, rounds: int, tick: Tick) -> Result:
    """Measure worker, script and the worker's steps in turn, each in fresh processes."""
    agree(timing.batch(0, 5_000))
    found: dict[str, list[Timing]] = {name: [] for name in MEASUREMENTS}
    for _ in range(rounds):
        for name, (module, *options) in MEASUREMENTS.items():
            tick(name)
            measured = fresh.measure(module, f"--seconds={seconds}", *options, variables=ONE_THREAD)
            found[name].append(Timing(**measured))
    worker, script, stepwise = found.values()
    ours, theirs = [one.rate for one in worker], [one.rate for one in script]
    return Result(
        [
            Figure("worker, record bytes to Parquet bytes", "records/s", ours, at_least(150_000)),
            Figure("plain script, same records", "records/s", theirs),
            Figure("worker ÷ plain script", "times", ratios(ours, theirs), at_least(7)),
            *_steps(stepwise),
        ],
        [_note(worker)],
    )


def agree(records: Records) -> None:
    """Raise `AssertionError` unless worker and script accept the same rows, equal in every column."""
    ours = pl.read_parquet(io.BytesIO(WorkerPath(timing.SHARD_ID).settle(records).reports))
    theirs = pl.read_parquet(io.BytesIO(PlainScript(timing.SHARD_ID).settle(records)[0]))
    assert_frame_equal(ours, theirs.cast(REPORTS.polars))


def _steps(stepwise: Sequence[Timing]) -> list[Figure]:
    """Return each step's share of the worker's time, the largest first; the rest is what has no clock."""
    names = list(stepwise[0].steps)
    shares = {name: [100 * one.steps[name] / one.cpu for one in stepwise] for name in names}
    shares["the rest"] = [100 - 100 * sum(one.steps.values()) / one.cpu for one in stepwise]
    ordered = sorted(shares.items(), key=lambda share: -median(share[1]))
    return [Figure(f"  its steps: {name}", "%", values) for name, values in ordered]


def _note(worker: Sequence[Timing]) -> str:
    had = median(one.cpu / one.wall for one in worker)
    return (
        f"Worker and script: batches of {timing.BATCH:,} records, on core 0 with one Polars thread, the same "
        "accepted rows (compared beforehand). A second is one of processor time: the worker had "
        f"{had:.0%} of its core. The script screens for this benchmark's forgeries alone. "
        "Of the worker's steps, validate includes collecting the values."
    )
