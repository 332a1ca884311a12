"""Days made by hand, for the tests of the day rules: few reports, each column as the test sets it."""

from collections.abc import Sequence
from datetime import date
from typing import Final

import polars as pl

from infra.fleets.draws import Draws
from infra.fleets.labelled import arrived
from schemas.tables import COUNTER_COLUMNS

DAY: Final = date(2026, 11, 22)

Column = int | float | str | Sequence[int] | Sequence[float] | Sequence[str] | pl.Series
"""One value for all reports, or a value for each."""


def reports(rows: int, seed: int = 1, /, **columns: Column) -> pl.DataFrame:
    """Return so many reports by arrival: the columns of `reports`, `nonce` (UInt128), `label` ("made").

    Without `columns` the deployments are idle, run 2.0.0, have random nonces, and report at any time of the
    day. Columns that can be set: `nonce`, `version`, the counters, and `moment`, in [0, 1) of the day.
    """
    draws = Draws(rows, seed)
    made: dict[str, Column] = {"nonce": draws.nonces(), "moment": draws.uniform(), "version": "2.0.0"}
    made |= dict.fromkeys(COUNTER_COLUMNS, 0) | columns
    frame = pl.DataFrame({name: _column(name, values, rows) for name, values in made.items()})
    return arrived(frame, DAY, "made")


def alike(rows: int, counters: Sequence[int], version: str = "2.0.0", seed: int = 1) -> pl.DataFrame:
    """Return reports that differ in nonce and time alone."""
    return reports(rows, seed, version=version, **payload(counters))


def busy(rows: int, seed: int = 1, /, **columns: Column) -> pl.DataFrame:
    """Return reports with six random counters from 10^4 to 10^6: no two alike, and no bump."""
    draws = Draws(rows, seed + 1_000)
    counters = {name: 10 ** (draws.uniform() * 2 + 4) for name in COUNTER_COLUMNS}
    return reports(rows, seed, **{name: column.cast(pl.Int64) for name, column in counters.items()} | columns)


def payload(counters: Sequence[Column]) -> dict[str, Column]:
    """Return six counters by their columns' names."""
    return dict(zip(COUNTER_COLUMNS, counters, strict=True))


def _column(name: str, values: Column, rows: int) -> pl.Series:
    kind = pl.UInt128() if name == "nonce" else None
    several = [values] * rows if isinstance(values, int | float | str) else values
    return pl.Series(name, several, dtype=kind)
