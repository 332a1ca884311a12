"""The sum that must come out: received = accepted + malformed + invalid + fraud + duplicate."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from stream_worker.lake import committed
from stream_worker.lake.keys import LIVE, day_folder
from stream_worker.lake.segment import Summary

if TYPE_CHECKING:
    from datetime import date

    from stream_worker.lake.store import Lake


def days(lake: Lake, after: date) -> list[date]:
    """Return the days after a day of which something is committed, in order."""
    return [day for day in sorted(committed.days(lake, LIVE)) if day > after]


def outcomes(lake: Lake, after: date) -> Counter[str]:
    """Add up what the segments that are committed of the days after a day say became of their records."""
    total = Counter[str]()
    for day in days(lake, after):
        for key in lake.keys(day_folder("reports", LIVE, day)):
            total.update(Summary.parse(lake.metadata(key)).outcomes)
    return total
