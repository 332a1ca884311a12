"""The command `stream-worker`: where settings, clients, clock and signals are wired together."""

from __future__ import annotations

import gc
import os
import signal
import sys
import traceback
from typing import TYPE_CHECKING

import boto3
import click
import structlog
from botocore.exceptions import BotoCoreError

from schemas import __version__
from schemas.environment import SettingsError, read
from stream_worker import lake_s3, logs
from stream_worker.chain import Chain
from stream_worker.engines import poll
from stream_worker.errors import SetupError, WorkerError
from stream_worker.lake_s3 import S3Lake
from stream_worker.processor import Processor
from stream_worker.settings import WorkerSettings
from stream_worker.stop import Stop

if TYPE_CHECKING:
    from mypy_boto3_kinesis import KinesisClient
    from mypy_boto3_s3 import S3Client

    from stream_worker.records import Position
    from stream_worker.shard import Shard

log = structlog.get_logger("worker")


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="stream-worker")
def main() -> None:
    """Read the stream of reports, judge each and commit it to the lake exactly once.

    Settings come from the environment: METRICS_BUCKET (required), METRICS_STREAM, METRICS_FLUSH_RECORDS,
    METRICS_FLUSH_BYTES, METRICS_FLUSH_SECONDS, and the AWS_* variables as boto3 knows them.

    Exit status: 0 done, 1 failed, 2 wrong usage or settings.
    """


@main.command()
@click.option(
    "--engine",
    type=click.Choice(["poll"]),
    default="poll",
    show_default=True,
    help="Where records come from. poll: a reader of every shard, for one machine.",
)
@click.option("--drain", is_flag=True, help="Read to each shard's tip as it is now, commit, exit.")
def run(engine: str, *, drain: bool) -> None:
    """Work until SIGTERM or Ctrl-C, then commit what was read and exit with status 0.

    It can be killed at any moment: it goes on where the lake's chain of segments ends, and each record still
    ends in exactly one place.
    """
    logs.configure()
    settings = _settings()
    stop = Stop()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    _spare_the_collector()
    log.info(
        "worker.started", engine=engine, version=__version__, stream=settings.stream, bucket=settings.bucket
    )
    try:
        _poll_engine(settings, stop, drain=drain).run()
    except WorkerError as error:
        log.error("worker.failed", error=type(error).__name__, detail=str(error))  # noqa: TRY400 - says what to do
        sys.exit(1)
    except Exception as error:  # noqa: BLE001 - told by type and place: its text may quote a report
        place = traceback.extract_tb(error.__traceback__)[-1]
        log.error("worker.crashed", error=type(error).__name__, file=place.filename, line=place.lineno)  # noqa: TRY400 - as above
        sys.exit(1)
    log.info("worker.stopped")


def _settings() -> WorkerSettings:
    try:
        return read(WorkerSettings, os.environ)
    except SettingsError as error:
        raise click.UsageError(str(error)) from error


def _poll_engine(settings: WorkerSettings, stop: Stop, *, drain: bool) -> poll.PollEngine:
    kinesis, s3 = _clients()
    lake = S3Lake(s3, settings.bucket)

    def make_processor(shard: Shard) -> Processor:
        return Processor(Chain(lake, shard), settings.limits, _no_checkpoint, __version__)

    return poll.PollEngine(kinesis, settings.stream, make_processor, stop, drain=drain)


def _clients() -> tuple[KinesisClient, S3Client]:
    try:
        session = boto3.Session(region_name=os.environ.get("AWS_REGION"))  # ECS sets it, boto3 ignores it
        return session.client("kinesis", config=poll.CONFIG), session.client("s3", config=lake_s3.CONFIG)
    except (BotoCoreError, ValueError) as error:  # ValueError: an endpoint that is no URL
        raise SetupError(f"{error} Set AWS_REGION, and AWS_ENDPOINT_URL to a URL or not at all.") from error


def _no_checkpoint(_: Position) -> None:
    """Keep nothing: the poll engine goes on where the lake's chain ends."""


def _spare_the_collector() -> None:
    """Let the cycle collector run seldom: decoded documents hold no cycles, and looking takes time."""
    gc.freeze()
    gc.set_threshold(100_000, 20, 100)
