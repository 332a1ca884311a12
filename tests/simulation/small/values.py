"""Single values: their order, what is true of two, and moments, as Polars has them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any, Final
from zoneinfo import ZoneInfo

_ZONE: Final = ZoneInfo("UTC")
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=_ZONE)


def order(value: Any) -> tuple[bool, Any]:  # noqa: ANN401 - any value
    """Return what values are sorted by: null comes first."""
    return (value is not None, 0 if value is None else value)


def both_true(one: Any, other: Any) -> Any:  # noqa: ANN401 - true, false or null
    """Return whether both are true; null where that is not known."""
    if (one is not None and not one) or (other is not None and not other):
        return False
    return None if one is None or other is None else True


@cache
def day(milliseconds: int) -> Any:  # noqa: ANN401 - a date
    """Return the day, UTC, of a moment in ms since 1970."""
    return datetime.fromtimestamp(milliseconds // 1000, UTC).date()


@cache
def moment(milliseconds: int | None) -> datetime | None:
    """Return a moment in ms since 1970 as Polars shows it."""
    return None if milliseconds is None else _EPOCH + timedelta(milliseconds=milliseconds)
