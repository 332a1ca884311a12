"""The command `stream-worker`: where settings, clients, clock and signals are wired together."""

from __future__ import annotations

import json
import os
import sys
import time
from dataclasses import asdict
from importlib import import_module
from typing import Final

import click
import structlog

from schemas import __version__
from stream_worker.commands.command import reported, settings_or_usage, stop_on_signals
from stream_worker.engines.kcl import daemon
from stream_worker.process import logs
from stream_worker.process.errors import WorkerError
from stream_worker.process.host import spare_the_collector
from stream_worker.process.terminal import any_encoding
from stream_worker.shard_life.health import judge

_PATIENCE_SECONDS = 180
"""How much longer than a flush may be due a record may wait before its shard counts as stuck."""

_ON_DAYS: Final = {
    "seal": "stream_worker.commands.day_commands",
    "replay": "stream_worker.commands.replay_command",
    "audit": "stream_worker.commands.audit_command",
    "rollback": "stream_worker.commands.day_commands",
    "generations": "stream_worker.commands.day_commands",
    "expire": "stream_worker.commands.day_commands",
}

log = structlog.get_logger("worker")


class _Commands(click.Group):
    """The commands that work on whole days are imported when they are wanted: the worker starts sooner."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names of all commands."""
        return [*super().list_commands(ctx), *_ON_DAYS]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Return a command by its name."""
        if cmd_name not in _ON_DAYS:
            return super().get_command(ctx, cmd_name)
        command: click.Command = getattr(import_module(_ON_DAYS[cmd_name]), cmd_name)
        return command


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="stream-worker")
def main() -> None:
    """Judge each report of the stream and commit it to the lake exactly once; seal, replay, audit days.

    Settings come from the environment: METRICS_BUCKET (required), METRICS_STREAM, METRICS_DATABASE,
    METRICS_APPLICATION, METRICS_FLUSH_RECORDS, METRICS_FLUSH_BYTES, METRICS_FLUSH_SECONDS,
    METRICS_HEALTH_FOLDER, METRICS_KCL_*, and the AWS_* variables as boto3 knows them. stream_worker/README.md
    describes each.

    Exit status: 0 done, 1 failed, 2 wrong usage or settings, 3 the audit has found a difference.
    """
    any_encoding()


@main.command()
@click.option(
    "--engine",
    type=click.Choice(["kcl", "poll"]),
    default="kcl",
    show_default=True,
    help="Where records come from. kcl: the Kinesis Client Library, for any number of workers that share the "
    "shards; it needs Java. poll: one reader of every shard, for one machine.",
)
@click.option("--drain", is_flag=True, help="poll only: read to each shard's tip as it is now, commit, exit.")
def run(engine: str, *, drain: bool) -> None:
    """Work until SIGTERM or Ctrl-C, then commit what was read and exit with status 0.

    It can be killed at any moment: it goes on where the lake's chain of segments ends, and each record still
    ends in exactly one place.
    """
    if drain and engine != "poll":
        raise click.UsageError("--drain goes with --engine poll: shards that are shared have no common tip")
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
            # Polars and all that is under it: the daemon's supervisor does without, and starts sooner.
            from stream_worker.engines import poll_worker  # noqa: PLC0415

            poll_worker.run(settings, stop, drain=drain)
    log.info("worker.stopped")


@main.command()
@click.option(
    "--limit",
    type=click.FloatRange(min=0),
    help=f"Seconds a record may wait. Default: METRICS_FLUSH_SECONDS and {_PATIENCE_SECONDS} more.",
)
def health(limit: float | None) -> None:
    """Say as JSON how the worker on this machine is: for a container's health check.

    starting or healthy: exit status 0. stuck (a record that was read waits for too long to be committed, or a
    shard's owner has not been heard of) or absent: 1. A quiet shard is healthy, and so is a worker that finds
    no shard to hold. It reads files in METRICS_HEALTH_FOLDER, and calls nobody. Engine kcl only.
    """
    settings = settings_or_usage()
    limit = settings.flush_seconds + _PATIENCE_SECONDS if limit is None else limit
    try:
        found = judge(settings.health_folder, time.time(), limit)
    except WorkerError as error:
        raise click.ClickException(str(error)) from error
    click.echo(json.dumps(asdict(found)))
    sys.exit(not found.well)
