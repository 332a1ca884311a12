"""Expiry: from when on rejects may be missing because S3 has removed them, as the disclosure promises.

S3 counts from when an object was made and rounds up to the next midnight UTC
(docs.aws.amazon.com/AmazonS3/latest/userguide/intro-lifecycle-rules.html). It may remove the object later, or
never if the bucket has no such rule. So an object that exists is read at any age; only a missing one may have
expired.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Final

from schemas.retention import REJECTS_DAYS

_KEPT: Final = timedelta(days=REJECTS_DAYS)

KEPT_FOR: Final = f"rejects are kept for {REJECTS_DAYS} days"
"""Why rejects are missing, for people."""


def segments_expire(day: date) -> datetime:
    """Return from when on rejects of a day's segments may be missing: the first midnight that S3 counts.

    A replay writes its own rejects after the day is over: those expire later.
    """
    return datetime(day.year, day.month, day.day, tzinfo=UTC) + timedelta(days=1) + _KEPT


def run_expires(made_at: datetime) -> datetime:
    """Return from when on the rejects of a sealed run may be missing."""
    return made_at + _KEPT
