"""Builds the sealed run of a committed day in a folder: its time, its memory, and what a row costs."""

import argparse
import io
import json
import time
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from math import log2
from pathlib import Path

import polars as pl

from infra.analytics.lake_folder import FolderLake
from schemas.tables import REPORTS
from stream_worker.days.run_builder import RunBuilder
from stream_worker.judging.judgement import JUDGEMENT
from stream_worker.lake.committed import read_day
from stream_worker.lake.keys import LIVE
from stream_worker.lake.manifest import Manifest
from stream_worker.process.progress import shown
from tests.benchmarks import cores
from tests.benchmarks.committed_day import DAY

_NONCE_BYTES = 16
_POSITION = {"shard_id", "sequence_number", "sub_sequence_number"}


@dataclass(frozen=True, slots=True)
class Measured:
    """`seconds` of wall time, `peak` in MB, `bytes` a sealed row, and the entropy of one, in bytes."""

    rows: int
    seconds: float
    processor_seconds: float
    peak: float
    parts: int
    bytes: float
    entropy: float


def measure(folder: Path) -> Measured:
    """Seal the day in `folder`."""
    lake = FolderLake(folder / "lake")
    scratch = folder / "scratch"
    scratch.mkdir()
    day = read_day(lake, LIVE, DAY)
    proofs = dict.fromkeys(day.by_owner(), "benchmark")
    started, processor = time.perf_counter(), time.process_time()
    runs = RunBuilder(lake, JUDGEMENT, shown, scratch)
    manifest = runs.build(day, proofs, LIVE, datetime.now(UTC))
    seconds, processor = time.perf_counter() - started, time.process_time() - processor
    peak = cores.peak_memory() / 1e6
    size = sum(part.bytes for part in manifest.reports) / manifest.records
    return Measured(
        manifest.records, seconds, processor, peak, len(manifest.reports), size, _entropy(lake, manifest)
    )


def _entropy(lake: FolderLake, manifest: Manifest) -> float:
    """Return what a row must take, in bytes: 16 for its nonce, its place among its shard's, and the rest.

    The rest is the Shannon entropy of each column by itself, as found in the first part: no Parquet column
    sees another one.
    """
    rows = pl.read_parquet(io.BytesIO(lake.get(manifest.reports[0].key)))
    columns = [name for name in REPORTS.polars.names() if name not in {"stack_id", "arrived_at", *_POSITION}]
    bits = sum(_shannon(rows[name]) for name in columns)
    shard = _shannon(rows["shard_id"])
    place = log2(manifest.records) - shard
    milliseconds_a_day = log2(86_400_000)
    return _NONCE_BYTES + (bits + shard + place + milliseconds_a_day) / 8


def _shannon(values: pl.Series) -> float:
    counts = values.value_counts()["count"]
    return float(pl.select((counts / len(values)).entropy(base=2)).item())


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    print(json.dumps(asdict(measure(parser.parse_args().folder))))  # noqa: T201 - for who started it
