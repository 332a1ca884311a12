"""Age: from when on rejects may be gone because S3 has removed them, as everybody was promised.

S3 counts from when an object was made and rounds up to the next midnight UTC
(docs.aws.amazon.com/AmazonS3/latest/userguide/intro-lifecycle-rules.html); it may remove it later still, or
never where the bucket has no such rule. So what is there is read at any age; what is missing is asked for it.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Final

from schemas.retention import REJECTS_DAYS

_KEPT: Final = timedelta(days=REJECTS_DAYS)

KEPT_FOR: Final = f"rejects are kept for {REJECTS_DAYS} days"
"""Why they are gone, for people."""


def segments_expire(day: date) -> datetime:
    """Return from when on rejects of a day's segments may be gone: the first midnight that S3 counts.

    A replay writes its own when the day is over: they go later.
    """
    return datetime(day.year, day.month, day.day, tzinfo=UTC) + timedelta(days=1) + _KEPT


def run_expires(made_at: datetime) -> datetime:
    """Return from when on the rejects of a sealed run may be gone."""
    return made_at + _KEPT
