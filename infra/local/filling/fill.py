"""Tells a story to a lake: each day put on the stream, read and committed by the worker, and sealed."""

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
    from infra.local.filling.target import Place
    from stream_worker.lake.manifest import Manifest

_BATCH: Final = 500  # the most that PutRecords takes
_HALF_AN_HOUR: Final = timedelta(minutes=30)
_JITTER_SECONDS: Final = 1700  # and 100 s until the hour is over, should this machine be slow


def fill(
    place: Place,
    story: Story,
    *,
    unsealed: Collection[date] = (),
    tell: Callable[[date, str], None] = lambda *_: None,
) -> dict[date, Manifest]:
    """Let all of a story happen, days that are `unsealed` but for their seal; return the sealed runs.

    `tell` hears of a day and what is done with it: "sending", "committing", "sealing", and "over" at last.
    The stream's clock goes from hour to hour of the story, and back to the machine's time at the end, even
    one that comes early: what has happened until then stays as it is.

    Raises `FillError`, and changes nothing, where the story cannot be told; and when a sealed day is not what
    the story says, which is what somebody else's reports on the same stream make of it.
    """
    refuse(place, story)
    worker = Worker(place)
    sealed: dict[date, Manifest] = {}
    _begin(place, story)
    try:
        for one in story.days:
            if one.sent:
                manifest = _tell_day(place, worker, one, tell, seal=one.day not in unsealed)
                sealed |= {one.day: manifest} if manifest else {}
            tell(one.day, "over")
    finally:
        place.set_clock(None)
    return sealed


def _begin(place: Place, story: Story) -> None:
    """Set the clock to the first day, which the stream refuses if it has records that arrived later."""
    first = story.days[0].day
    try:
        place.set_clock(datetime(first.year, first.month, first.day, tzinfo=UTC))
    except ValueError as error:
        raise FillError(
            f"records do not go back in time: {error}. Nothing was changed. Start `metrics-local "
            "cloud` anew, or name another stream (METRICS_STREAM) and run `metrics-local init`."
        ) from error


def _tell_day(
    place: Place, worker: Worker, one: StoryDay, tell: Callable[[date, str], None], *, seal: bool
) -> Manifest | None:
    tell(one.day, "sending")
    for hour, sent in groupby(
        one.sent, key=lambda record: record.arrives.replace(minute=0, second=0, microsecond=0)
    ):
        place.set_clock(hour + _HALF_AN_HOUR, _JITTER_SECONDS)
        _put(place, list(sent))
    tell(one.day, "committing")
    worker.drain()
    if not seal:
        return None
    tell(one.day, "sealing")
    manifest = worker.seal(one.day)
    _check(one, manifest)
    return manifest


def _put(place: Place, sent: list[Sent]) -> None:
    for first in range(0, len(sent), _BATCH):
        records: list[PutRecordsRequestEntryTypeDef] = [
            {"Data": one.body, "PartitionKey": one.partition_key} for one in sent[first : first + _BATCH]
        ]
        answer = place.kinesis.put_records(StreamName=place.names.stream, Records=records)
        if answer.get("FailedRecordCount"):
            raise FillError(f"the stream refused {answer['FailedRecordCount']} records of {len(records)}")


def _check(one: StoryDay, manifest: Manifest) -> None:
    found = {outcome: count for outcome, count in manifest.outcomes.items() if count}
    if found != one.outcomes:
        raise FillError(
            f"{one.day} holds {found} where the story has {dict(one.outcomes)}: somebody else put records "
            "on the stream meanwhile, or this machine stood still for minutes. The lake is whole as it is."
        )
