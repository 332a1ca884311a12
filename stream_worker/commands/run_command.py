"""The command `stream-worker run`."""

from __future__ import annotations

import os

import click
import structlog

from schemas import __version__
from stream_worker.commands.command import reported, settings_or_usage, stop_on_signals
from stream_worker.engines.kcl import daemon
from stream_worker.process import logs
from stream_worker.process.host import spare_the_collector

log = structlog.get_logger("worker")


@click.command()
@click.option(
    "--engine",
    type=click.Choice(["kcl", "poll"]),
    default="kcl",
    show_default=True,
    help="How to read the stream. kcl: the Kinesis Client Library, for any number of workers that share the "
    "shards; it needs Java. poll: one process that reads every shard, for one machine.",
)
@click.option(
    "--drain",
    is_flag=True,
    help="poll only: read up to each shard's tip as it is at the start, commit, exit.",
)
def run(engine: str, *, drain: bool) -> None:
    """Read and commit until SIGTERM or Ctrl-C, then commit what was read and exit with status 0.

    It can be killed at any moment. The next start continues where the lake's chain of segments ends, and each
    record still ends in exactly one place.
    """
    if drain and engine != "poll":
        raise click.UsageError("--drain requires --engine poll: shared shards have no common tip to stop at")
    settings = settings_or_usage()
    logs.configure(settings.application)
    stop = stop_on_signals()
    spare_the_collector()
    log.info(
        "worker.started", engine=engine, version=__version__, stream=settings.stream, bucket=settings.bucket
    )
    with reported():
        if engine == "kcl":
            daemon.run(settings, os.environ, stop.is_set)
        else:
            # It imports Polars, which the daemon's supervisor does not need: kcl starts sooner without it.
            from stream_worker.engines import poll_worker  # noqa: PLC0415 - as above

            poll_worker.run(settings, stop, drain=drain)
    log.info("worker.stopped")
