import dataclasses
from datetime import date, timedelta

from stream_worker.engines.kcl.replay_task import ReplayTask
from stream_worker.judging.thresholds import THRESHOLDS
from stream_worker.stream.span import Span


def test_a_child_reads_what_it_was_told() -> None:
    span = Span(date(2026, 11, 20), date(2026, 11, 22), timedelta(seconds=90.5))
    task = ReplayTask("replay/run=0123", span, dataclasses.replace(THRESHOLDS, calls_a_day_most=5))
    assert ReplayTask.of(task.arguments) == task


def test_a_workers_child_is_told_nothing() -> None:
    assert ReplayTask.of([]) is None
