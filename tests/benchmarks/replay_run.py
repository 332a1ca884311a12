"""Settles a committed day in a folder again, from its own rows: how many records a second."""

import argparse
import json
import time
from datetime import timedelta
from pathlib import Path

from infra.analytics.lake_folder import FolderLake
from stream_worker.days.lake_source import LakeSource
from stream_worker.process import logs
from stream_worker.process.limits import Limits
from stream_worker.process.stop import Stop
from stream_worker.publication.catalog import MemoryCatalog
from stream_worker.publication.publication import Publication
from stream_worker.shard_life.assembly import Assembly
from stream_worker.shard_life.processor import Processor
from stream_worker.stream.shard import Shard
from stream_worker.stream.span import Span
from tests.benchmarks.committed_day import DAY

_LIMITS = Limits(50_000, 32 * 1024 * 1024, 60)


def measure(folder: Path) -> dict[str, float]:
    """Settle the day into a generation of its own; return records and seconds."""
    lake = FolderLake(folder / "lake")

    def make_processor(shard: Shard, target: str, span: Span, _: object) -> Processor:
        return Assembly(lake, _LIMITS).replay(shard, target, span)

    source = LakeSource(
        lake, Publication(lake, MemoryCatalog()), {}, make_processor, Stop(), proofs=lambda _: ()
    )
    started = time.perf_counter()
    source.settle(Span(DAY, DAY, timedelta(seconds=60)), "replay/run=benchmark", lambda _: None)
    return {"records": sum(_accepted(lake)), "seconds": time.perf_counter() - started}


def _accepted(lake: FolderLake) -> list[int]:
    keys = lake.keys("reports/replay/run=benchmark/")
    return [int(lake.metadata(key)["records"]) for key in keys]


if __name__ == "__main__":
    logs.configure("benchmark", for_people=True)
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    print(json.dumps(measure(parser.parse_args().folder)))  # noqa: T201 - for who started it
