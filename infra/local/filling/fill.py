"""Plays a story into a lake: each day is put on the stream, committed by the worker, and sealed."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import groupby
from typing import TYPE_CHECKING, Final

from infra.local.filling.refusals import FillError, refuse
from infra.local.filling.worker import Worker

if TYPE_CHECKING:
    from collections.abc import Callable, Collection
    from datetime import date

    from mypy_boto3_kinesis.type_defs import PutRecordsRequestEntryTypeDef

    from infra.fleets.story.sent import Sent, StoryDay
    from infra.fleets.story.story import Story
    from infra.local.filling.target import Target
    from stream_worker.lake.manifest import Manifest

_BATCH: Final = 500  # the most that PutRecords takes
_HALF_AN_HOUR: Final = timedelta(minutes=30)
_JITTER_SECONDS: Final = 1700  # and 100 s until the hour is over, should this machine be slow


def fill(
    target: Target,
    story: Story,
    *,
    unsealed: Collection[date] = (),
    report: Callable[[date, str], None] = lambda *_: None,
) -> dict[date, Manifest]:
    """Play all days of a story and seal all but the `unsealed` ones; return the sealed runs.

    `report` is called with a day and what is being done with it: "sending", "committing", "sealing", "over".
    The stream's clock goes from hour to hour of the story, and is set back to the machine's time at the end,
    after an error or Ctrl-C too: what was committed until then stays.

    Raises `FillError` and changes nothing where the story cannot be played. Raises it too when a sealed day
    differs from the story, because other records were put on the stream meanwhile.
    """
    refuse(target, story)
    worker = Worker(target)
    sealed: dict[date, Manifest] = {}
    _begin(target, story)
    try:
        for one in story.days:
            if one.sent:
                manifest = _play_day(target, worker, one, report, seal=one.day not in unsealed)
                sealed |= {one.day: manifest} if manifest else {}
            report(one.day, "over")
    finally:
        target.set_clock(None)
    return sealed


def _begin(target: Target, story: Story) -> None:
    """Set the clock to the first day, which the stream refuses if it has records that arrived later."""
    first = story.days[0].day
    try:
        target.set_clock(datetime(first.year, first.month, first.day, tzinfo=UTC))
    except ValueError as error:
        raise FillError(
            f"records cannot go back in time: {error}. Nothing was changed. Restart `metrics-local "
            "cloud`, or name another stream (METRICS_STREAM) and run `metrics-local init`."
        ) from error


def _play_day(
    target: Target, worker: Worker, one: StoryDay, report: Callable[[date, str], None], *, seal: bool
) -> Manifest | None:
    report(one.day, "sending")
    for hour, sent in groupby(
        one.sent, key=lambda record: record.arrives.replace(minute=0, second=0, microsecond=0)
    ):
        target.set_clock(hour + _HALF_AN_HOUR, _JITTER_SECONDS)
        _put(target, list(sent))
    report(one.day, "committing")
    worker.drain()
    if not seal:
        return None
    report(one.day, "sealing")
    manifest = worker.seal(one.day)
    _check(one, manifest)
    return manifest


def _put(target: Target, sent: list[Sent]) -> None:
    for first in range(0, len(sent), _BATCH):
        records: list[PutRecordsRequestEntryTypeDef] = [
            {"Data": one.body, "PartitionKey": one.partition_key} for one in sent[first : first + _BATCH]
        ]
        answer = target.kinesis.put_records(StreamName=target.names.stream, Records=records)
        if answer.get("FailedRecordCount"):
            raise FillError(f"the stream refused {answer['FailedRecordCount']} records of {len(records)}")


def _check(one: StoryDay, manifest: Manifest) -> None:
    found = {outcome: count for outcome, count in manifest.outcomes.items() if count}
    if found != one.outcomes:
        raise FillError(
            f"{one.day} has {found} where the story has {dict(one.outcomes)}: other records were put on the "
            "stream meanwhile, or this machine stopped for minutes. The lake is consistent as it is; fill "
            "an empty one (`metrics-local cloud` and `init`) to get the story."
        )
