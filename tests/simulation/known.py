"""Faults that are known and not fixed yet: a history that ends by one of these is counted, and does not fail.

Each entry says what is wrong, and how the violation that shows it reads. A fix takes its entry out, and the
simulation holds the fix from then on. The list is best empty.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from tests.simulation.world import ViolationError


@dataclass(frozen=True, slots=True)
class Known:
    """A known fault; `reads` is a pattern of the violation's text."""

    name: str
    what: str
    reads: str


KNOWN: Final = (
    Known(
        "two that list and expire",
        "A command that has listed a day's manifests while `expire` removes one waits ten minutes for it, and"
        " fails.",
        r"AWS answered NoSuchKey",
    ),
    Known(
        "headless by a straggler",
        "A straggler that is its day's only segment makes an audit of the day before name a gap: the segment"
        " before it is of the day after it, and is taken for the chain's first.",
        r"gap: no segment ends where this one begins",
    ),
    Known(
        "an audit beside a seal",
        "An audit that reads chain and manifests before a seal, and readers after it, misses what was made.",
        r"while others work: (missing: (the chain ends here|all seg)"
        r"|elsewhere: .* a run that has no manifest)",
    ),
    Known(
        "an audit beside a first commit",
        "An audit that has listed a day before its first commit, and readers after it, says that they"
        " are pointed at live segments that are not there.",
        r"while others work: missing: readers of \w+ are pointed at the live segments, and there are none",
    ),
    Known(
        "forgotten while it is read",
        "A shard that leaves the stream's listing between ListShards and GetShardIterator ends a command with"
        " a word on METRICS_STREAM; run again, it works.",
        r"ResourceNotFoundException; check METRICS_STREAM",
    ),
)


def known(violation: ViolationError) -> Known | None:
    """Return the known fault that a violation shows."""
    return next((one for one in KNOWN if re.search(one.reads, str(violation), re.DOTALL)), None)
