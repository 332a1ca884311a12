"""Compares what two generations have of a day's records."""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import polars as pl

from schemas.tables import REPORTS
from stream_worker.judging.day_pipeline import POSITION
from stream_worker.lake.buckets import Buckets
from stream_worker.process.scratch import scratch

if TYPE_CHECKING:
    from collections.abc import Iterable

_BUCKET_ROWS: Final = 4_000_000
_VALUES: Final = [name for name in REPORTS.polars.names() if name not in POSITION]
_OUTCOME: Final = {"outcome": pl.String(), "values": pl.UInt64()}


@dataclass(frozen=True, slots=True, order=True)
class Change:
    """How many `records` changed from `before` to `after`: `accepted`, a reason, or a reason and its rule.

    `absent`: one side does not have the record. `accepted` on both sides: a value changed.
    """

    before: str
    after: str
    records: int


def outcomes(rows: pl.DataFrame) -> pl.DataFrame:
    """Return the position of each row of either table, its outcome, and a fingerprint of an accepted one."""
    if "reason" in rows.columns:
        why = pl.concat_str("reason", "rule", separator=" ", ignore_nulls=True)
        return rows.select(*POSITION, outcome=why, values=pl.lit(0, dtype=pl.UInt64))
    return rows.select(*POSITION, outcome=pl.lit("accepted"), values=pl.struct(_VALUES).hash(0))


def changes(before: Iterable[pl.DataFrame], after: Iterable[pl.DataFrame], records: int) -> list[Change]:
    """Return the differences between two sets of rows of both tables, about `records` on each side.

    Records with the same outcome, and if accepted with the same values, are left out.
    """
    buckets = max(1, math.ceil(records / _BUCKET_ROWS))
    found = Counter[tuple[str, str]]()
    with scratch("diff-") as folder:
        sides = [Buckets(folder / name, POSITION, buckets) for name in ("before", "after")]
        for side, frames in zip(sides, (before, after), strict=True):
            for rows in frames:
                side.add(outcomes(rows))
        for number in range(buckets):
            found.update(_changed(*(side.bucket(number) for side in sides)))
    return sorted(Change(was, becomes, count) for (was, becomes), count in found.items())


def _changed(before: pl.DataFrame | None, after: pl.DataFrame | None) -> dict[tuple[str, str], int]:
    nothing = pl.DataFrame(schema={**{name: REPORTS.polars[name] for name in POSITION}, **_OUTCOME})
    old = nothing if before is None else before
    new = nothing if after is None else after
    both = old.join(new, on=POSITION, how="full", coalesce=True, suffix="_after")
    changed = both.filter(
        pl.col("outcome").ne_missing(pl.col("outcome_after"))
        | pl.col("values").ne_missing(pl.col("values_after"))
    )
    counted = changed.group_by(pl.col("outcome", "outcome_after").fill_null("absent")).len()
    return {(was, becomes): count for was, becomes, count in counted.iter_rows()}
