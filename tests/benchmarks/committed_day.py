"""A committed day of any size: the segments of four shards, as a worker would have left them, in a folder."""

import argparse
import json
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Final

import polars as pl

from infra.analytics.lake_folder import FolderLake
from infra.fleets.draws import Draws
from infra.fleets.labelled import DAY_MILLISECONDS, Fleet, reports
from schemas.tables import REPORTS
from stream_worker.lake.keys import LIVE, SegmentKey
from stream_worker.lake.segment import OUTCOMES, Summary, digest, parquet
from stream_worker.stream.records import START, Position

DAY: Final = date(2026, 11, 22)
EPOCH: Final = 1_795_000_000
_SHARDS: Final = 4
_CHUNK: Final = 1_000_000
_SEGMENT_ROWS: Final = 50_000
_MIDNIGHT: Final = int(datetime(DAY.year, DAY.month, DAY.day, tzinfo=UTC).timestamp() * 1000)


def fill(lake: FolderLake, rows: int) -> None:
    """Commit `rows` accepted reports, chunk by chunk through the day; nothing is rejected."""
    ends = [START] * _SHARDS
    counts = [0] * _SHARDS
    for start in range(0, rows, _CHUNK):
        chunk = _chunk(start, min(_CHUNK, rows - start), rows)
        for shard, held in enumerate(_by_shard(chunk)):
            numbered = _numbered(held, shard, counts[shard])
            counts[shard] += len(held)
            for part in numbered.iter_slices(_SEGMENT_ROWS):
                ends[shard] = _commit(lake, shard, ends[shard], part)


def _chunk(start: int, size: int, rows: int) -> pl.DataFrame:
    made = reports(Fleet(size, seed=start, day=DAY))
    slot = DAY_MILLISECONDS / rows
    arrivals = (Draws(size, start + 1).uniform() * size * slot + start * slot).cast(pl.Int64).sort()
    return made.with_columns(arrived_at=(arrivals + _MIDNIGHT).cast(REPORTS.polars["arrived_at"]))


def _by_shard(chunk: pl.DataFrame) -> list[pl.DataFrame]:
    shards = pl.col("nonce").hash(1) % _SHARDS
    return [chunk.filter(shards == shard) for shard in range(_SHARDS)]


def _numbered(rows: pl.DataFrame, shard: int, count: int) -> pl.DataFrame:
    """Give the rows numbers as Kinesis does: version, birth, count, shard."""
    base = 2 << 184 | EPOCH << 148 | shard << 4 | 2
    numbers = [str(base + (place << 80)) for place in range(count + 1, count + len(rows) + 1)]
    named = rows.with_columns(
        shard_id=pl.lit(f"shardId-{shard:012d}"), sequence_number=pl.Series(numbers, dtype=pl.String)
    )
    return named.select(REPORTS.polars.names())


def _commit(lake: FolderLake, shard: int, start: Position, rows: pl.DataFrame) -> Position:
    body = parquet(rows)
    arrivals = rows["arrived_at"].dt.epoch("ms")
    last = Position(int(rows["sequence_number"][-1]))
    summary = Summary(
        last=last,
        outcomes={**dict.fromkeys(OUTCOMES, 0), "accepted": len(rows)},
        first_arrival=int(arrivals[0]),
        last_arrival=int(arrivals[-1]),
        reports=digest(body),
        rejects="",
        schema_version="v1",
        code_version="benchmark",
    )
    key = SegmentKey(LIVE, DAY, EPOCH, f"shardId-{shard:012d}", start).key
    lake.put_new(key, body, summary.metadata)
    return last


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("rows", type=int)
    given = parser.parse_args()
    fill(FolderLake(given.folder), given.rows)
    print(json.dumps({"rows": given.rows}))  # noqa: T201 - for who started it
