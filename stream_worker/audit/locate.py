"""Finds the first row that a damaged file of a run must have had: from the chain, in bounded memory."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import polars as pl

from schemas.tables import REJECTS, REPORTS
from stream_worker.audit.positions import PADDED_POSITION
from stream_worker.audit.stored_rows import read_stored
from stream_worker.judging.day_pipeline import POSITION
from stream_worker.lake.buckets import Buckets
from stream_worker.process.scratch import scratch
from stream_worker.stream.records import Position

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from stream_worker.lake.committed import Committed
    from stream_worker.lake.manifest import Manifest
    from stream_worker.lake.store import Lake

_BUCKET_ROWS: Final = 4_000_000
_NOWHERE: Final = -1  # instead of a file's number: a missing reject may have been in any file

_POSITION: Final = {name: REPORTS.polars[name] for name in POSITION}
_CHAIN: Final = {**_POSITION, "part": pl.Int64()}


@dataclass(frozen=True, slots=True)
class LostRow:
    """The first row that the chain has and that no sound file of the run has."""

    shard_id: str
    position: str


def locate(
    lake: Lake, manifest: Manifest, segments: Iterable[Committed], damaged: Iterable[str]
) -> dict[str, LostRow]:
    """Return, for each damaged file, the first row of the chain that must have been in it, if there is one.

    The file itself is not read. A missing reject may have been in any file of rejects, so it is assigned to
    the first damaged one.
    """
    parts = [*manifest.reports, *manifest.rejects]
    keys = [part.key for part in parts]
    wrong = [keys.index(key) for key in damaged]
    spare = next((number for number in wrong if number >= len(manifest.reports)), _NOWHERE)
    buckets = max(1, math.ceil(manifest.records / _BUCKET_ROWS))
    found = [pl.DataFrame(schema=_CHAIN)]
    with scratch("audit-") as folder:
        chain, run = (Buckets(folder / name, POSITION, buckets) for name in ("chain", "run"))
        for rows in _chain_rows(lake, manifest, segments):
            chain.add(rows)
        for rows in _run_rows(lake, manifest):
            run.add(rows)
        for number in range(buckets):
            lost = _lost(chain.bucket(number), run.bucket(number)).with_columns(
                part=pl.when(pl.col("part").is_in(wrong)).then("part").otherwise(spare)
            )
            found.append(lost.sort("shard_id", PADDED_POSITION).unique("part", keep="first"))
    first = pl.concat(found).sort("shard_id", PADDED_POSITION).unique("part", keep="first")
    return {
        keys[row["part"]]: LostRow(row["shard_id"], _position(row))
        for row in first.filter(pl.col("part") != _NOWHERE).iter_rows(named=True)
    }


def _position(row: dict[str, Any]) -> str:
    return str(Position(int(row["sequence_number"]), row["sub_sequence_number"]))


def _chain_rows(lake: Lake, manifest: Manifest, segments: Iterable[Committed]) -> Iterator[pl.DataFrame]:
    """Yield the positions of the chain's rows, and the file in which each should be."""
    starts = pl.Series([part.first or "" for part in manifest.reports], dtype=pl.String)
    for segment in segments:
        summary = segment.summary
        reports = read_stored(lake.find(segment.link.key), REPORTS, summary.is_reports, ("stack_id",)).rows
        if reports is not None:
            numbers = starts.search_sorted(reports["stack_id"], side="right").cast(pl.Int64) - 1
            yield reports.select(*POSITION, numbers.clip(0).alias("part"))
        if segment.rejects is not None:
            rejects = read_stored(lake.find(segment.rejects), REJECTS, summary.is_rejects).rows
            if rejects is not None:
                yield rejects.select(*POSITION, pl.lit(_NOWHERE, dtype=pl.Int64).alias("part"))


def _run_rows(lake: Lake, manifest: Manifest) -> Iterator[pl.DataFrame]:
    """Yield the positions of the rows in the run's sound files."""
    for table, parts in ((REPORTS, manifest.reports), (REJECTS, manifest.rejects)):
        for part in parts:
            rows = read_stored(lake.find(part.key, part.bytes), table, part.is_intact).rows
            if rows is not None:
                yield rows.select(*POSITION)


def _lost(chain: pl.DataFrame | None, run: pl.DataFrame | None) -> pl.DataFrame:
    held = pl.DataFrame(schema=_CHAIN) if chain is None else chain
    return held if run is None else held.join(run, on=POSITION, how="anti")
