"""The reported day is the last whole one in UTC."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest

from infra.reporter.function.usage_reporter.day import Day


@pytest.mark.parametrize(
    "now",
    [
        datetime(2026, 3, 1, 0, 0, tzinfo=UTC),
        datetime(2026, 3, 1, 13, 7, 9, 5, tzinfo=UTC),
        datetime(2026, 3, 1, 23, 59, 59, 999_999, tzinfo=UTC),
        datetime(2026, 3, 2, 1, 30, tzinfo=timezone(timedelta(hours=2))),
    ],
)
def test_at_any_minute_of_a_day_the_day_before_is_reported(now: datetime) -> None:
    day = Day.before(now)
    assert day == Day(datetime(2026, 2, 28, tzinfo=UTC), datetime(2026, 3, 1, tzinfo=UTC))
