"""When a deployment reports: a minute of the UTC day that follows from its nonce, to spread the world out."""

from __future__ import annotations

from typing import Final
from uuid import UUID

FIRST: Final = 20
"""The earliest minute, 00:20: ListMetrics has a new metric after up to 15 minutes (API reference)."""

MINUTES: Final = 1400
"""How many minutes there are to report at, the last 23:39. A report counts for the day it arrives on: one
that is sent again and again past midnight would take the next one's place. Twenty minutes hold the schedule's
own delay (a minute), EventBridge's and Lambda's queues (two each, see the construct) and all tries."""


def minute_of(nonce: str) -> int:
    """Return the minute of the day, from `FIRST` on; a UUIDv4 is random, so each is as likely."""
    return FIRST + UUID(nonce).int % MINUTES


def expression(nonce: str) -> str:
    """Return the minute as EventBridge has it: each day, in UTC."""
    hour, minute = divmod(minute_of(nonce), 60)
    return f"cron({minute} {hour} * * ? *)"
