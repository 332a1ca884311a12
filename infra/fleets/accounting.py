"""The sum that must come out: received = accepted + malformed + invalid + fraud + duplicate."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from stream_worker.lake.keys import LIVE, days_folder
from stream_worker.lake.segment import Summary

if TYPE_CHECKING:
    from stream_worker.lake.store import Lake


def outcomes(lake: Lake) -> Counter[str]:
    """Add up what the committed segments say became of their records."""
    total = Counter[str]()
    for key in lake.keys(days_folder("reports", LIVE)):
        total.update(Summary.parse(lake.metadata(key)).outcomes)
    return total
