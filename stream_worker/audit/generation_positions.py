"""The places of a shard's rows in the lake, for a recount."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from schemas.tables import REJECTS, REPORTS
from stream_worker.audit.held import Held, Stretch
from stream_worker.audit.positions import PLACE, place_of
from stream_worker.audit.segment_check import check_segments
from stream_worker.audit.stored_rows import read_stored
from stream_worker.stream.records import Position

if TYPE_CHECKING:
    from collections.abc import Iterable

    from stream_worker.lake.committed import Committed
    from stream_worker.lake.keys import Owner
    from stream_worker.lake.manifest import Manifest, Source
    from stream_worker.lake.store import Lake

_EMPTY = pl.Series("place", dtype=pl.String)


def chain_places(lake: Lake, segments: Iterable[Committed], *, aged: bool) -> Held:
    """Return the places of all rows of a shard's segments that can be read; `aged` rejects may be gone."""
    places, stretches = [_EMPTY], []
    for checked in check_segments(lake, segments, aged=aged):
        places.append(checked.places)
        if checked.expired:
            link, summary = checked.segment.link, checked.segment.summary
            stretches.append(Stretch(place_of(link.start), place_of(summary.last), summary.records))
    return Held(pl.concat(places), tuple(stretches))


def run_places(lake: Lake, manifest: Manifest, owner: Owner, *, aged: bool) -> Held:
    """Return the places of a shard's rows in a run, of those that can be read; `aged` rejects may be gone."""
    found, expired = [_EMPTY], False
    for table, parts in ((REPORTS, manifest.reports), (REJECTS, manifest.rejects)):
        for part in parts:
            body = lake.find(part.key, part.bytes)
            expired |= aged and body is None and table is REJECTS
            rows = read_stored(body, table, part.is_intact).rows
            del body  # a file of rejects has up to 256 MiB: not two of them at a time
            if rows is not None:
                found.append(rows.filter(pl.col("shard_id") == owner[1]).select(PLACE).to_series())
    own = [source for source in manifest.sources if expired and (source.epoch, source.shard_id) == owner]
    return Held(pl.concat(found), tuple(map(_stretch, own)))


def _stretch(source: Source) -> Stretch:
    after, last = (place_of(Position.parse(end)) for end in (source.start, source.last))
    return Stretch(after, last, sum(source.outcomes.values()))
