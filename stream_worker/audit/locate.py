"""Finds where the rows of a run differ from those of the chain that it was made of, in bounded memory."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import polars as pl

from schemas.tables import REJECTS, REPORTS
from stream_worker.audit.places import PLACE
from stream_worker.audit.stored_rows import read_stored, select_stored
from stream_worker.buckets import Buckets
from stream_worker.day_pipeline import POSITION, written_anew
from stream_worker.records import Position
from stream_worker.scratch import scratch

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator

    from schemas.tables import Table
    from stream_worker.committed import Committed
    from stream_worker.lake import Lake
    from stream_worker.manifest import Manifest

CHANGED: Final = "changed"
MISSING: Final = "missing"
EXTRA: Final = "extra"

_BUCKET_ROWS: Final = 4_000_000
_NOWHERE: Final = -1  # in place of a file's number: a reject that is missing may have been in any

_POSITION: Final = {name: REPORTS.polars[name] for name in POSITION}
_SIDE: Final = {"accepted": pl.Boolean(), "values": pl.UInt64()}
_CHAIN: Final = {**_POSITION, **_SIDE, "anew": pl.UInt64(), "part": pl.Int64()}
_ACCEPTED: Final = [name for name in REPORTS.polars.names() if name not in POSITION]
_REJECTED: Final = [name for name in REJECTS.polars.names() if name not in POSITION]
_RUN: Final = {**_POSITION, **_SIDE, "part": pl.Int64()}


@dataclass(frozen=True, slots=True)
class Difference:
    """The first row of a file that is not as the chain has it; `what` is of which kind."""

    what: str
    shard_id: str
    position: str


def locate(
    lake: Lake,
    manifest: Manifest,
    segments: Iterable[Committed],
    damaged: Iterable[str],
    kinds: Collection[str],
) -> dict[str, Difference]:
    """Return for each damaged file the first row that is wrong in it, where there is one.

    Only differences of these `kinds` count: `CHANGED`, `MISSING` from the run, `EXTRA` in it. A reject that
    is missing may have been in any file of rejects: the first damaged one is named.
    """
    keys = [part.key for part in (*manifest.reports, *manifest.rejects)]
    wrong = [keys.index(key) for key in damaged]
    spare = next((number for number in wrong if number >= len(manifest.reports)), _NOWHERE)
    buckets = max(1, math.ceil(manifest.records / _BUCKET_ROWS))
    found = []
    with scratch("audit-") as folder:
        chain, run = (Buckets(folder / name, POSITION, buckets) for name in ("chain", "run"))
        for rows in _chain_rows(lake, manifest, segments):
            chain.add(rows)
        for rows in _run_rows(lake, manifest):
            run.add(rows)
        for number in range(buckets):
            differing = _differing(chain.bucket(number), run.bucket(number))
            differing = differing.filter(pl.col("what").is_in(list(kinds))).with_columns(
                part=pl.when(pl.col("part").is_in(wrong)).then("part").otherwise(spare)
            )
            found.append(differing.sort("shard_id", PLACE).unique("part", keep="first"))
    first = pl.concat(found).sort("shard_id", PLACE).unique("part", keep="first")
    return {
        keys[row["part"]]: Difference(row["what"], row["shard_id"], _position(row))
        for row in first.filter(pl.col("part") != _NOWHERE).iter_rows(named=True)
    }


def _position(row: dict[str, Any]) -> str:
    return str(Position(int(row["sequence_number"]), row["sub_sequence_number"]))


def _chain_rows(lake: Lake, manifest: Manifest, segments: Iterable[Committed]) -> Iterator[pl.DataFrame]:
    """Yield the chain's rows: the file where each should be, and `anew`, its body if the seal rejected it."""
    starts = pl.Series([part.first or "" for part in manifest.reports], dtype=pl.String)
    for segment in segments:
        reports = read_stored(lake.find(segment.link.key), REPORTS, lambda _: True, _ACCEPTED).rows
        if reports is not None:
            bodies = written_anew(reports)["body"]
            places = starts.search_sorted(reports["stack_id"], side="right").cast(pl.Int64) - 1
            yield reports.select(
                *POSITION,
                pl.lit(value=True).alias("accepted"),
                pl.struct(_ACCEPTED).hash(0).alias("values"),
                bodies.hash(0).alias("anew"),
                places.clip(0).alias("part"),
            )
        if segment.rejects is not None:
            rejects = select_stored(lake.find(segment.rejects), REJECTS, _outcomes(REJECTS))
            if rejects is not None:
                nothing = pl.lit(None, dtype=pl.UInt64).alias("anew")
                nowhere = pl.lit(_NOWHERE, dtype=pl.Int64).alias("part")
                yield rejects.with_columns(nothing, nowhere)


def _run_rows(lake: Lake, manifest: Manifest) -> Iterator[pl.DataFrame]:
    """Yield the run's rows with the number of the file that each is in."""
    tables = [REPORTS] * len(manifest.reports) + [REJECTS] * len(manifest.rejects)
    for number, part in enumerate((*manifest.reports, *manifest.rejects)):
        rows = select_stored(lake.find(part.key), tables[number], _outcomes(tables[number]))
        if rows is not None:
            yield rows.with_columns(pl.lit(number, dtype=pl.Int64).alias("part"))


def _outcomes(table: Table) -> list[pl.Expr]:
    """Return a table's columns of the position, and a fingerprint of all values of the row."""
    if table is REPORTS:
        values = pl.struct(_ACCEPTED).hash(0)
    else:  # a seal's own rejects have no partition key; all of theirs that the chain knows is the body
        whole = pl.struct(_REJECTED).hash(0)
        values = pl.when(pl.col("partition_key").is_null()).then(pl.col("body").hash(0)).otherwise(whole)
    accepted = pl.lit(table is REPORTS).alias("accepted")
    return [*map(pl.col, POSITION), accepted, values.alias("values")]


def _differing(chain: pl.DataFrame | None, run: pl.DataFrame | None) -> pl.DataFrame:
    """Return position, file and kind of what differs; a row without a counterpart is missing or extra."""
    old = pl.DataFrame(schema=_CHAIN) if chain is None else chain
    new = pl.DataFrame(schema=_RUN) if run is None else run
    both = old.join(new, on=POSITION, how="full", coalesce=True, suffix="_run")
    same = pl.col("accepted") == pl.col("accepted_run")
    expected = pl.when(same).then("values").otherwise("anew")
    what = (
        pl.when(pl.col("accepted_run").is_null())
        .then(pl.lit(MISSING))
        .when(pl.col("accepted").is_null())
        .then(pl.lit(EXTRA))
        .when(expected.ne_missing(pl.col("values_run")))
        .then(pl.lit(CHANGED))
    )
    differing = both.with_columns(what=what, part=pl.coalesce("part_run", "part"))
    return differing.filter(pl.col("what").is_not_null()).select(*POSITION, "part", "what")
