"""The command `metrics-local fill`: a story played into the lake behind AWS_ENDPOINT_URL."""

from __future__ import annotations

import os

import boto3
import click
from botocore.exceptions import BotoCoreError
from rich.console import Console

from infra.fleets.story.making import make_story
from infra.local.demo_days import play_story, show_notes, yesterday
from infra.local.filling.refusals import FillError
from infra.local.filling.target import Target
from infra.local.resources import named
from infra.local.stopping import until_stopped
from schemas.printable import printable
from stream_worker.process import logs
from stream_worker.process.errors import WorkerError

DAYS = click.IntRange(1, 366)


@click.command()
@click.option(
    "--days", type=DAYS, default=60, show_default=True, help="How many; the last is yesterday (UTC)."
)
@click.option("--seed", type=int, default=1, show_default=True, help="The same seed makes the same story.")
def fill(days: int, seed: int) -> None:
    """Fill a lake with weeks of a growing fleet, through the worker's own code, sealed day by day.

    Releases roll out, one of them is bad; deployments come, pause and go; a fraud attack is stopped. At the
    end it prints what happens when, so that you can compare it with the answers to your queries.

    AWS_ENDPOINT_URL must point to `metrics-local cloud` or `up` on this machine. METRICS_STREAM,
    METRICS_BUCKET and METRICS_DATABASE name the resources; the defaults are those of `init`. If the lake has
    one of these days already, nothing is changed. After Ctrl-C the days that were sealed stay, and so does
    what was sent of the next one.
    """
    logs.configure("metrics-local-fill", for_people=True)
    try:
        session = boto3.Session(region_name=os.environ.get("AWS_REGION") or None)
        clients = session.client("kinesis"), session.client("s3"), session.client("glue")
        with until_stopped():
            console, story = Console(), make_story(days, seed, yesterday())
            play_story(console, Target(*clients, named(os.environ)), story)
            show_notes(console, story.notes)
    except (BotoCoreError, ValueError) as error:  # ValueError: an endpoint that is no URL
        text = f"{error} Set AWS_ENDPOINT_URL to the emulator's URL, and AWS_REGION."
        raise click.ClickException(text) from error
    except (FillError, WorkerError) as error:
        raise click.ClickException(printable(error, lines=True)) from error
