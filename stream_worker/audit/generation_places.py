"""The places of a shard's rows in the lake, for a recount."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from schemas.tables import REJECTS, REPORTS
from stream_worker.audit.places import PLACE
from stream_worker.audit.segments import check_segments
from stream_worker.audit.stored_rows import read_stored

if TYPE_CHECKING:
    from collections.abc import Iterable

    from stream_worker.committed import Committed
    from stream_worker.lake import Lake
    from stream_worker.manifest import Manifest

_EMPTY = pl.Series("place", dtype=pl.String)


def chain_places(lake: Lake, segments: Iterable[Committed]) -> pl.Series:
    """Return the places of all rows of a shard's segments that can be read."""
    return pl.concat([_EMPTY, *(checked.places for checked in check_segments(lake, segments))])


def run_places(lake: Lake, manifest: Manifest, shard_id: str) -> pl.Series:
    """Return the places of a shard's rows in a run, of those that can be read."""
    found = [_EMPTY]
    for table, parts in ((REPORTS, manifest.reports), (REJECTS, manifest.rejects)):
        for part in parts:
            rows = read_stored(lake.find(part.key), table, lambda _: True).rows
            if rows is not None:
                found.append(rows.filter(pl.col("shard_id") == shard_id).select(PLACE).to_series())
    return pl.concat(found)
