"""Where a story is not played: off this machine, without a clock, over days that exist already."""

from __future__ import annotations

import http.client
from contextlib import contextmanager
from ipaddress import ip_address
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from botocore.exceptions import BotoCoreError, ClientError

from infra.local.emulator.clocks import PATH
from infra.local.surroundings import why_aws_itself
from stream_worker.lake import committed
from stream_worker.lake.keys import LIVE, RUNS, days_in
from stream_worker.publication.catalog import SWITCH_ORDER

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import date

    from infra.fleets.story.story import Story
    from infra.local.filling.target import Target

_MISSING: Final = {"ResourceNotFoundException", "404", "NoSuchBucket", "EntityNotFoundException"}


class FillError(Exception):
    """The story cannot be played, or a day differs from it; the text says what to do."""


def refuse(target: Target, story: Story) -> None:
    """Raise `FillError` unless the story can be played here; nothing is changed."""
    _refuse_elsewhere(target)
    _refuse_without_clock(target)
    _refuse_missing(target)
    _refuse_filled(target, {one.day for one in story.days})


def _refuse_elsewhere(target: Target) -> None:
    for client in (target.kinesis, target.s3, target.glue):
        url = client.meta.endpoint_url
        if not _is_loopback(urlsplit(url).hostname or ""):
            raise FillError(
                f"{url} is not on this machine, and a story is played on this machine only: start "
                f"`metrics-local cloud` and set AWS_ENDPOINT_URL to its address.{why_aws_itself()}"
            )


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _refuse_without_clock(target: Target) -> None:
    url = target.kinesis.meta.endpoint_url
    try:
        target.clock()
    except ConnectionError as error:
        raise FillError(
            f"nothing answers at {url}: start `metrics-local cloud`, or correct AWS_ENDPOINT_URL."
        ) from error
    except (OSError, ValueError, http.client.HTTPException) as error:
        raise FillError(
            f"the emulator at {url} has no clock that can be set ({PATH}), so no record can arrive there on "
            "a past day: use `metrics-local cloud`."
        ) from error


def _refuse_missing(target: Target) -> None:
    names = target.names
    with _missing(f"stream {names.stream} is not there", "METRICS_STREAM"):
        target.kinesis.describe_stream_summary(StreamName=names.stream)
    with _missing(f"bucket {names.bucket} is not there", "METRICS_BUCKET"):
        target.s3.head_bucket(Bucket=names.bucket)
    for table in SWITCH_ORDER:
        with _missing(f"database {names.database} has no table {table}", "METRICS_DATABASE"):
            target.glue.get_table(DatabaseName=names.database, Name=table)


@contextmanager
def _missing(missing: str, variable: str) -> Iterator[None]:
    try:
        yield
    except ClientError as error:
        if error.response["Error"]["Code"] not in _MISSING:
            raise FillError(str(error)) from error
        raise FillError(f"{missing}: run `metrics-local init`, or set {variable} to what it made.") from error
    except BotoCoreError as error:
        raise FillError(str(error)) from error


def _refuse_filled(target: Target, days: set[date]) -> None:
    lake, tables = target.lake, [target.catalog.days(table) for table in SWITCH_ORDER]
    there = {*committed.days(lake, LIVE), *days_in(lake.folders(RUNS)), *tables[0], *tables[1]}
    taken = sorted(there & days)
    if taken:
        raise FillError(
            f"the lake has {len(taken)} of these days already, from {taken[0]} to {taken[-1]}. Nothing was "
            "changed. Restart `metrics-local cloud`, or name another stream, bucket and database "
            "(METRICS_STREAM, METRICS_BUCKET, METRICS_DATABASE) and run `metrics-local init`."
        )
