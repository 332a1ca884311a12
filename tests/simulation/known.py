"""Faults that are known and not fixed yet: a history that ends by one of these is counted, and does not fail.

Each entry says what is wrong, and how the violation that shows it reads. A fix takes its entry out, and the
simulation holds the fix from then on. The list is best empty.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Known:
    """A known fault; `reads` is a pattern of the violation's text."""

    name: str
    what: str
    reads: str


KNOWN: Final[tuple[Known, ...]] = (
    Known(
        "a switch that wakes up late",
        "Glue changes a partition without a condition. A command that is suspended between its look at the"
        " switches and its UpdatePartition points readers of one table at a run that a later command has"
        " replaced; it points them back as it goes on. If it ends in between, an audit names the two runs.",
        r"^late switch: ",
    ),
)


def known(violation: str) -> Known | None:
    """Return the known fault that a violation's text shows."""
    return next((one for one in KNOWN if re.search(one.reads, violation, re.DOTALL)), None)
