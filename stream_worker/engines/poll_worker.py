"""A worker on the poll engine: one process that reads every shard."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stream_worker.engines.poll import PollEngine
from stream_worker.lake.s3_store import PATIENCE_SECONDS, S3Lake
from stream_worker.process import clients
from stream_worker.publication.live_days import live_days_in_glue
from stream_worker.shard_life.assembly import Assembly
from stream_worker.stream.horizon import KinesisHorizon
from stream_worker.stream.kinesis import KinesisStream

if TYPE_CHECKING:
    from stream_worker.process.settings import WorkerSettings
    from stream_worker.process.stop import Stop
    from stream_worker.shard_life.processor import Processor
    from stream_worker.stream.shard import Shard


def run(settings: WorkerSettings, stop: Stop, *, drain: bool) -> None:
    """Read and commit until `stop` is set or, with `drain`, to each shard's tip as it is now."""
    stream = KinesisStream.connect(settings.stream)
    lake = S3Lake(clients.s3(), settings.bucket, patience=PATIENCE_SECONDS, asked_to_stop=stop.is_set)
    announce = live_days_in_glue(settings.database, settings.bucket)
    assembly = Assembly(lake, settings.limits, while_waiting=lake.while_waiting)

    def make_processor(shard: Shard) -> Processor:
        return assembly.live(shard, announce, KinesisHorizon(stream, shard))

    PollEngine(stream, make_processor, stop, drain=drain).run()
