"""The positions of a shard's rows in one generation, for a recount."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from schemas.tables import REJECTS, REPORTS
from stream_worker.audit.positions import PADDED_POSITION, padded_position
from stream_worker.audit.segment_check import check_segments
from stream_worker.audit.shard_positions import ExpiredRange, ShardPositions
from stream_worker.audit.stored_rows import read_stored
from stream_worker.stream.records import Position

if TYPE_CHECKING:
    from collections.abc import Iterable

    from stream_worker.lake.committed import Committed
    from stream_worker.lake.keys import Owner
    from stream_worker.lake.manifest import Manifest, Source
    from stream_worker.lake.store import Lake

_EMPTY = pl.Series("position", dtype=pl.String)


def chain_positions(lake: Lake, segments: Iterable[Committed], *, aged: bool) -> ShardPositions:
    """Return the positions of all readable rows of a shard's segments; `aged` rejects may have expired."""
    positions, expired = [_EMPTY], []
    for checked in check_segments(lake, segments, aged=aged):
        positions.append(checked.positions)
        if checked.expired:
            link, summary = checked.segment.link, checked.segment.summary
            expired.append(
                ExpiredRange(padded_position(link.start), padded_position(summary.last), summary.records)
            )
    return ShardPositions(pl.concat(positions), tuple(expired))


def run_positions(lake: Lake, manifest: Manifest, owner: Owner, *, aged: bool) -> ShardPositions:
    """Return the positions of a shard's readable rows in a run; `aged` rejects may have expired."""
    found, expired = [_EMPTY], False
    for table, parts in ((REPORTS, manifest.reports), (REJECTS, manifest.rejects)):
        for part in parts:
            body = lake.find(part.key, part.bytes)
            expired |= aged and body is None and table is REJECTS
            rows = read_stored(body, table, part.is_intact).rows
            del body  # a file of rejects has up to 256 MiB: not two of them at a time
            if rows is not None:
                found.append(rows.filter(pl.col("shard_id") == owner[1]).select(PADDED_POSITION).to_series())
    own = [source for source in manifest.sources if expired and (source.epoch, source.shard_id) == owner]
    return ShardPositions(pl.concat(found), tuple(map(_expired_range, own)))


def _expired_range(source: Source) -> ExpiredRange:
    after, last = (padded_position(Position.parse(end)) for end in (source.start, source.last))
    return ExpiredRange(after, last, sum(source.outcomes.values()))
