"""Rejects are removed thirty days after they were made, and not before."""

from __future__ import annotations

from datetime import UTC, date, datetime

from schemas.retention import REJECTS_DAYS
from stream_worker.lake.expiry import run_expires, segments_expire


def test_what_was_made_on_a_day_goes_at_a_midnight_thirty_days_after_it() -> None:
    assert REJECTS_DAYS == 30
    assert segments_expire(date(2026, 11, 22)) == datetime(2026, 12, 23, tzinfo=UTC)


def test_a_runs_rejects_go_thirty_days_after_it_was_made() -> None:
    assert run_expires(datetime(2026, 11, 23, 1, 2, tzinfo=UTC)) == datetime(2026, 12, 23, 1, 2, tzinfo=UTC)
