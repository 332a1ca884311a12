"""The command `python -m infra.analytics`: answers from a lake, on this machine."""

from __future__ import annotations

import json
import os
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click
from rich.console import Console

from infra.analytics.answer_table import as_lines, as_table
from infra.analytics.engine import Engine
from infra.analytics.location import LocationError
from infra.analytics.opening import open_lake
from infra.analytics.public.publication import WEEKS, as_csv, as_json, publication
from infra.analytics.questions import QUESTIONS
from infra.analytics.reporting import write_report
from infra.analytics.terminal_table import print_table
from infra.analytics.writing import write
from schemas.printable import printable
from stream_worker.process.errors import WorkerError
from stream_worker.process.terminal import any_encoding, say

if TYPE_CHECKING:
    from collections.abc import Iterator

LAKE: Final = click.option(
    "--lake",
    metavar="PLACE",
    help="s3://BUCKET, or a folder with a copy of one.  [default: the bucket METRICS_BUCKET]",
)
REPORT: Final = click.option(
    "--to",
    type=click.Path(path_type=Path, dir_okay=False),
    default=Path("report.html"),
    show_default=True,
    help="The file to write.",
)
AS_JSON: Final = click.option("--json", "as_json", is_flag=True, help="One JSON object a line, for machines.")


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
def main() -> None:
    """Answer questions about the deployments, from the lake's files, with DuckDB on this machine.

    The same SQL is in Athena's workgroup as named queries. A bucket is read as the partitions of its
    catalog say (METRICS_DATABASE, `metrics` by default), with boto3's access; a folder as its notes of
    switches say. All days and times are UTC.

    Exit status: 0 done, 1 failed, 2 wrong usage.
    """
    any_encoding()


@main.command("list")
@AS_JSON
def list_questions(*, as_json: bool) -> None:
    """List the questions."""
    for question in QUESTIONS.values():
        facts = {"name": question.name, "question": question.title, "columns": dict(question.columns)}
        click.echo(json.dumps(facts) if as_json else f"{question.name:<20}{question.title}")


@main.command()
@click.argument("name", type=click.Choice(list(QUESTIONS)), metavar="NAME")
@LAKE
@AS_JSON
def query(name: str, lake: str | None, *, as_json: bool) -> None:
    """Answer one question; `list` has their names.

    With --json each row is an object: days as 2026-11-22, times as 2026-11-22T04:05:06.789Z, sums in full.
    """
    with _reported(), Engine(open_lake(lake, os.environ)) as engine:
        answer = engine.ask(QUESTIONS[name])
    if as_json:
        for line in as_lines(answer):
            click.echo(line)
        return
    print_table(Console(), as_table(answer))


@main.command()
@LAKE
@REPORT
def report(lake: str | None, to: Path) -> None:
    """Write the report page: every question as chart and table, in one HTML file that loads nothing."""
    with _reported():
        write_report(Console(), open_lake(lake, os.environ), to)


@main.command()
@LAKE
@click.option(
    "--to",
    type=click.Path(path_type=Path, file_okay=False, exists=True),
    default=Path(),
    help="The folder for both files.  [default: this one]",
)
def public(lake: str | None, to: Path) -> None:
    """Write what the public may see: usage.json and usage.csv.

    Deployments by version and feature in whole, sealed weeks. Groups of fewer than 5 are hidden, and so are
    their complements; the rest is rounded. The rule is in the file.
    """
    with _reported():
        with Engine(open_lake(lake, os.environ)) as engine:
            document = publication(engine.ask(WEEKS))
        for name, text in (("usage.json", as_json(document)), ("usage.csv", as_csv(document))):
            write(to / name, text)
            say(to / name)


@contextmanager
def _reported() -> Iterator[None]:
    """Turn an expected error into a message and exit status 1."""
    try:
        yield
    except (LocationError, WorkerError, OSError) as error:
        raise click.ClickException(printable(error, lines=True)) from error
