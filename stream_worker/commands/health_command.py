"""The command `stream-worker health`."""

from __future__ import annotations

import json
import sys
import time
from dataclasses import asdict
from typing import Final

import click

from stream_worker.commands.command import settings_or_usage
from stream_worker.process.errors import WorkerError
from stream_worker.shard_life.health import read_health

_PATIENCE_SECONDS: Final = 180
"""How much longer than METRICS_FLUSH_SECONDS a record may wait before its shard counts as stuck."""


@click.command()
@click.option(
    "--limit",
    type=click.FloatRange(min=0),
    help="Seconds that a record may wait to be committed. "
    f"Default: METRICS_FLUSH_SECONDS plus {_PATIENCE_SECONDS}.",
)
def health(limit: float | None) -> None:
    """Print the health of the worker on this machine as JSON: for a container's health check.

    Exit status 0: starting or healthy. Exit status 1: stuck (a record has waited longer than --limit to be
    committed, or a shard's process has not reported for that long) or absent (no worker runs). A quiet shard
    is healthy, and so is a worker that holds no shard. It only reads files in METRICS_HEALTH_FOLDER and makes
    no network call. Engine kcl only.
    """
    settings = settings_or_usage()
    limit = settings.flush_seconds + _PATIENCE_SECONDS if limit is None else limit
    try:
        found = read_health(settings.health_folder, time.time(), limit)
    except WorkerError as error:
        raise click.ClickException(str(error)) from error
    click.echo(json.dumps(asdict(found)))
    sys.exit(not found.well)
