"""The child process that the daemon starts for each shard that it holds."""

from __future__ import annotations

import os
import signal
import sys
from contextlib import suppress
from typing import TYPE_CHECKING, NoReturn

import structlog

from schemas.environment import read
from stream_worker.engines.kcl import protocol
from stream_worker.engines.kcl.replay_task import ReplayTask
from stream_worker.engines.kcl.shard_owner import ShardOwner
from stream_worker.judging.judgement import JUDGEMENT, Judgement
from stream_worker.lake.s3_store import PATIENCE_SECONDS, S3Lake
from stream_worker.process import clients, logs
from stream_worker.process.host import FailedError, last_words, spare_the_collector
from stream_worker.process.settings import WorkerSettings
from stream_worker.publication.live_days import live_days_in_glue
from stream_worker.shard_life.assembly import Assembly
from stream_worker.shard_life.pulse import FiledPulse
from stream_worker.stream.horizon import KinesisHorizon
from stream_worker.stream.kinesis import KinesisStream
from stream_worker.stream.shard import Shard

if TYPE_CHECKING:
    from stream_worker.engines.kcl.shard_owner import MakeProcessor
    from stream_worker.shard_life.processor import Checkpoint, Processor
    from stream_worker.stream.records import Position

log = structlog.get_logger("kcl")


def main() -> NoReturn:
    """Serve the daemon until it closes stdin; exit with status 0 if the shard was finished or handed over."""
    for number in (
        signal.SIGTERM,
        signal.SIGINT,
    ):  # they may go to the whole process group; the daemon asks for a stop by its protocol
        signal.signal(number, signal.SIG_IGN)
    replies = protocol.guard_stdout()
    settings = read(WorkerSettings, os.environ)
    logs.configure(settings.application)
    spare_the_collector()
    try:
        with last_words():
            owner = ShardOwner(_maker(settings, ReplayTask.of(sys.argv[1:])))
            with suppress(BrokenPipeError):  # the daemon is gone, as below
                protocol.Conversation(owner, protocol.daemon_lines(), replies).run()
    except FailedError:
        _die()
    if owner.holds_a_shard:
        log.warning(
            "daemon.gone", note="the daemon closed this process's stdin; uncommitted records are read again"
        )
        _die()
    sys.exit(0)


def _maker(settings: WorkerSettings, task: ReplayTask | None) -> MakeProcessor:
    stream = KinesisStream.connect(settings.stream)
    lake = S3Lake(clients.s3(), settings.bucket, patience=PATIENCE_SECONDS)
    announce = live_days_in_glue(settings.database, settings.bucket)
    judgement = Judgement(task.thresholds) if task else JUDGEMENT
    assembly = Assembly(lake, settings.limits, judgement, while_waiting=lake.while_waiting)

    def make(shard_id: str, checkpointed: Position, checkpoint: Checkpoint) -> Processor:
        listed = {shard.shard_id: shard for shard in stream.shards()}
        epoch = next(iter(listed.values())).epoch
        # A shard that is no longer listed has no records left, so its parents do not matter.
        shard = listed.get(shard_id, Shard(epoch, shard_id))
        pulse = FiledPulse(shard_id, settings.health_folder)
        if task:
            return assembly.replay(shard, task.generation, task.span, checkpoint=checkpoint, pulse=pulse)
        horizon = KinesisHorizon(stream, shard)
        return assembly.live(
            shard, announce, horizon, checkpoint=checkpoint, checkpointed=checkpointed, pulse=pulse
        )

    return make


def _die() -> NoReturn:
    """Exit at once, without waiting for other threads; the daemon then exits too."""
    sys.stderr.flush()
    os._exit(1)


if __name__ == "__main__":
    main()
