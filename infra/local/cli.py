"""The command `metrics-local`: the whole system on one machine."""

from __future__ import annotations

import os
import shlex
import sys
import tempfile
import time
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import boto3
import click
from botocore.exceptions import BotoCoreError, ClientError
from click.core import ParameterSource
from rich.console import Console

from infra.analytics.cli import report
from infra.local import demo as demonstration
from infra.local import demo_days, resources
from infra.local.fill_command import DAYS, fill
from infra.local.filling.refusals import FillError
from infra.local.ports import PortTakenError, refuse_taken
from infra.local.process import ProcessError
from infra.local.stopping import until_stopped
from infra.local.surroundings import LEADING_ELSEWHERE, close, no_proxy
from infra.local.system import start_system
from schemas import __version__
from schemas.printable import printable
from stream_worker.process.errors import WorkerError
from stream_worker.process.logs import configure
from stream_worker.process.terminal import any_encoding

if TYPE_CHECKING:
    from collections.abc import Iterator

    from infra.local.process import Process
    from infra.local.system import System


_ENGINE = click.option(
    "--engine",
    type=click.Choice(["poll", "kcl"]),
    default="poll",
    show_default=True,
    help="What the worker reads with. kcl: the Kinesis Client Library of production, on Java.",
)


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="metrics-local")
def main() -> None:
    """Run the whole system on this machine: emulated AWS (nothing leaves the machine), edge and worker.

    Exit status: 0 done, 1 failed, 2 wrong usage.
    """
    any_encoding()
    os.environ.update(no_proxy(os.environ))


@main.command()
@click.option(
    "--port", type=click.IntRange(1, 65535), default=8080, show_default=True, help="The edge's port."
)
@_ENGINE
def up(port: int, engine: str) -> None:
    """Run everything until Ctrl-C, the edge on --port; print the endpoints and the exports a shell needs.

    The worker commits every 5 seconds, or as METRICS_FLUSH_RECORDS, _BYTES and _SECONDS say.
    """
    logs = _log_folder()
    flush = {name: value for name, value in os.environ.items() if name.startswith("METRICS_FLUSH_")}
    settings = {"METRICS_FLUSH_SECONDS": "5"} | flush
    close()
    with _reported():
        refuse_taken(port)
    with (
        _reported(),
        until_stopped(),
        start_system(logs, port=port, engine=engine, settings=settings) as system,
    ):
        if engine == "kcl":
            click.echo(demonstration.WAITING_FOR_LEASES)
            system.await_shards()
        click.echo(_instructions(system, logs))
        _watch(system.processes)


@main.command()
@click.option("--port", type=click.IntRange(1, 65535), default=5000, show_default=True, help="Its port.")
def cloud(port: int) -> None:
    """Run the emulated AWS alone, empty, until SIGTERM or Ctrl-C. For scripts; see also `init`."""
    command = [sys.executable, "-m", "infra.local.emulator.cloud", "--port", str(port)]
    os.execv(command[0], command)  # noqa: S606 - our own program, without a shell


@main.command()
@click.option("--shards", type=click.IntRange(1, 500), default=2, show_default=True)
def init(shards: int) -> None:
    """Make stream, bucket and catalog where AWS_ENDPOINT_URL points; what exists already stays.

    Their names are METRICS_STREAM, METRICS_BUCKET and METRICS_DATABASE, or as `up` names them.
    """
    names = resources.named(os.environ, shards)
    try:
        region = os.environ.get("AWS_REGION") or None  # ECS sets it, and boto3 does not read it
        session = boto3.Session(region_name=region)
        resources.create(
            names, kinesis=session.client("kinesis"), s3=session.client("s3"), glue=session.client("glue")
        )
    except (BotoCoreError, ValueError) as error:  # ValueError: an endpoint that is not a URL
        text = f"{error} Set AWS_ENDPOINT_URL to the emulator's URL, and AWS_REGION."
        raise click.ClickException(text) from error
    except (resources.NoEndpointError, ClientError) as error:
        raise click.ClickException(printable(error, lines=True)) from error
    click.echo(f"stream {names.stream}, bucket {names.bucket} and database {names.database} are there")


main.add_command(fill)
main.add_command(report)


@main.command()
@click.option(
    "--reports",
    type=click.IntRange(1, 1_000_000),
    help=f"How many are sent today.  [default: {demonstration.REPORTS}]",
)
@click.option(
    "--days", type=DAYS, help="Fill so many days, all sealed, and play none; the last is yesterday."
)
@click.option("--seed", type=int, default=1, show_default=True, help="The same seed makes the same reports.")
@click.option("--lake", type=click.Path(path_type=Path), help="A new folder for the lake's files.")
@_ENGINE
@click.pass_context
def demo(  # noqa: PLR0913, PLR0917 - what the command takes
    context: click.Context, reports: int | None, days: int | None, seed: int, lake: Path | None, engine: str
) -> None:
    """Play a day of a fleet through the whole system, with four weeks of the same fleet behind it.

    The worker's code first fills a lake with 28 days, as `fill` does. Then today's reports, honest, resent,
    broken and forged ones, go over HTTP to the edge, and the worker commits them. You see the outcomes,
    the objects in the lake, the answers to three questions in SQL, and what to look for on the report page,
    which opens in your browser if this is a terminal with a screen.

    With --days it plays the days of `fill` alone, without the edge.
    """
    given = context.get_parameter_source("engine") is not ParameterSource.DEFAULT
    if days is not None and (reports is not None or given):
        raise click.UsageError(
            "--days cannot be combined with --reports or --engine, which are for today alone"
        )
    folder = lake or Path(f"lake-{datetime.now(UTC):%Y%m%d-%H%M%S}")
    if folder.exists():
        raise click.UsageError(f"{folder} exists already; name a new folder with --lake")
    logs, console = _log_folder(), Console()
    close()
    with _reported(), until_stopped():
        configure("metrics-local-demo", for_people=True)
        if days is not None:
            demo_days.run(console, days=days, seed=seed, lake=folder, logs=logs)
        else:
            reports = reports or demonstration.REPORTS
            demonstration.run(console, reports=reports, seed=seed, lake=folder, logs=logs, engine=engine)


def _log_folder() -> Path:
    try:
        return Path(tempfile.mkdtemp(prefix="metrics-local-"))
    except OSError as error:
        text = f"no folder for logs can be made ({error.strerror}): set TMPDIR to one that can be written to"
        raise click.ClickException(text) from error


@contextmanager
def _reported() -> Iterator[None]:
    """Turn an expected error into a message and exit status 1."""
    try:
        yield
    except (ProcessError, PortTakenError, demonstration.DemoError, FillError, WorkerError) as error:
        raise click.ClickException(printable(error, lines=True)) from error


def _instructions(system: System, logs: Path) -> str:
    variables = system.environment | no_proxy(os.environ)
    forgotten = " ".join(name for name in LEADING_ELSEWHERE if name not in variables)
    exports = "\n".join(f"export {name}={shlex.quote(value)}" for name, value in variables.items())
    return (
        f"edge     {system.edge_url}\n"
        f"cloud    {system.cloud.endpoint.url}  (Kinesis, S3, Glue, DynamoDB, CloudWatch)\n"
        f"logs     {logs}\n\n"
        f"unset {forgotten}\n{exports}\n\n"
        "Everything ends, and the emulated cloud forgets, with Ctrl-C."
    )


def _watch(processes: tuple[Process, ...]) -> None:
    """Watch until a process ends by itself, then raise `ProcessError`; never return."""
    while True:
        for process in processes:
            process.check()
        time.sleep(0.5)
