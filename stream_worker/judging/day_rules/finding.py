"""A finding: what a rule found in a day, which each report is then checked against."""

from typing import Protocol

import polars as pl


class Finding(Protocol):
    """What a rule found in a day; its length is how much, 0 if nothing."""

    __slots__ = ()

    def __len__(self) -> int: ...

    def broken(self, reports: pl.DataFrame) -> pl.Series:
        """Return for each report whether it breaks the rule; ask only where the rule `applies`."""

    @property
    def applies(self) -> bool:
        """Whether a report can break the rule on this day."""
        return len(self) > 0
