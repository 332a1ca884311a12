"""Makes a lake of many sealed days for the questions' benchmark: `python -m tests.benchmarks.questions_lake`.

Takes a folder, the number of days and that of a day's reports; prints the bytes of the Parquet files.
"""

from __future__ import annotations

import json
import sys
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Final

import polars as pl

from infra.analytics.lake_folder import FolderLake
from infra.fleets.draws import Draws, stack_ids
from infra.fleets.labelled import DAY_MILLISECONDS, FAMILIES
from schemas.tables import COUNTER_COLUMNS, REJECTS, REPORTS
from stream_worker.lake.keys import LIVE, shown_folder
from stream_worker.lake.segment import parquet
from stream_worker.publication.switch import Switch
from tests.support.analytics.lakes import put_switch

if TYPE_CHECKING:
    from collections.abc import Iterator

_LAST: Final = date(2026, 11, 22)
_REPORTING: Final = 0.91  # of the deployments, on a day
_RELEASES: Final = tuple(f"1.{minor}.0" for minor in range(12))
_RUN: Final = "0a1b2c3d"


def main() -> None:
    """Write the lake; print how large it is."""
    folder, days, reports = Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])
    deployments = _fleet(round(reports / _REPORTING))
    for number in range(days):
        day = _LAST - timedelta(days=days - 1 - number)
        rows = _day(deployments, day, number, days)
        _write(folder / shown_folder("reports", day, _RUN), _parts(rows))
        _write(folder / shown_folder("rejects", day, _RUN), iter([REJECTS.polars.to_frame()]))
        sealed_at = datetime(day.year, day.month, day.day, tzinfo=UTC) + timedelta(days=1, minutes=5)
        put_switch(FolderLake(folder), Switch(day=day, at=sealed_at, why="seal", before=LIVE, after=_RUN))
    size = sum(path.stat().st_size for path in folder.rglob("*.parquet"))
    sys.stdout.write(json.dumps({"bytes": size}))


def _fleet(deployments: int) -> pl.DataFrame:
    """Return the deployments by `stack_id`, as a sealed day is sorted, with use and upgrade lag."""
    draws = Draws(deployments, 1)
    use = FAMILIES["lognormal"](draws)
    columns = {"stack_id": stack_ids(draws.nonces()), "lag": draws.pareto(1.2) * 10, **use}
    return pl.DataFrame(columns).sort("stack_id")


def _day(deployments: pl.DataFrame, day: date, number: int, days: int) -> pl.DataFrame:
    draws = Draws(len(deployments), 1_000 + number)
    newest = pl.lit(number * len(_RELEASES) / days)
    behind = (newest - pl.col("lag") * len(_RELEASES) / days).clip(0).floor().cast(pl.Int64)
    midnight = int(datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp() * 1000)
    moment = draws.uniform()
    much = draws.lognormal(0, 0.7)
    rows = deployments.with_columns(
        *((pl.col(name) * much).floor().cast(pl.Int64) for name in COUNTER_COLUMNS),
        version=pl.format("1.{}.0", behind),
        arrived_at=(moment * DAY_MILLISECONDS).cast(pl.Int64) + midnight,
        shard_id=pl.format("shardId-00000000000{}", draws.integers(0, 3)),
        sequence_number=pl.format(
            "4959033827149025660855969253{}{}",
            (moment * 1e15).cast(pl.Int64) + 10**15,
            draws.integers(10**9, 10**10 - 1),
        ),
        sub_sequence_number=pl.lit(0, dtype=pl.Int64),
    ).filter(draws.uniform() < _REPORTING)
    return rows.select(pl.col(name).cast(kind) for name, kind in REPORTS.polars.items())


def _parts(rows: pl.DataFrame) -> Iterator[pl.DataFrame]:
    yield from rows.iter_slices(1_000_000)


def _write(folder: Path, parts: Iterator[pl.DataFrame]) -> None:
    folder.mkdir(parents=True)
    for number, rows in enumerate(parts):
        (folder / f"part-{number:05d}.parquet").write_bytes(parquet(rows))


if __name__ == "__main__":
    main()
