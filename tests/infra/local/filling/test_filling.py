"""The story played into an emulator: the lake holds it to the last record."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING

import polars as pl
import pytest

from infra.fleets.story.making import make_story
from infra.local.emulator.clocks import PATH
from infra.local.emulator.control import ask
from infra.local.filling.fill import fill
from infra.local.filling.refusals import FillError

if TYPE_CHECKING:
    from infra.fleets.story.story import Story
    from infra.local.filling.target import Target

LAST = date(2025, 6, 30)
SILENT = LAST - timedelta(days=3)


def small(days: int = 3) -> Story:
    return make_story(days, 1, LAST, start=30, end=40, forgeries=60)


def rows(target: Target, table: str, day: date) -> pl.DataFrame:
    """Return what readers of a table see of a day, through the catalog."""
    prefix = target.catalog.location(table, day)
    assert prefix is not None
    return pl.concat([pl.read_parquet(target.lake.get(key)) for key in target.lake.keys(prefix)])


def machine_time(target: Target) -> bool:
    """Say whether the stream's clock is the machine's."""
    clock = ask(target.kinesis.meta.endpoint_url, "GET", f"{PATH}?stream={target.names.stream}")
    away = datetime.fromisoformat(clock["now"]) - datetime.now(UTC)
    return abs(away) < timedelta(hours=1) and not clock["jitter_seconds"]


def test_readers_of_a_filled_lake_see_the_story(target: Target) -> None:
    story = make_story(6, 7, LAST, start=60, end=100, forgeries=90, silent={SILENT})
    news: list[tuple[date, str]] = []
    sealed = fill(target, story, unsealed={LAST}, report=lambda *step: news.append(step))
    played = [one for one in story.days if one.sent]
    assert set(sealed) == {one.day for one in played} - {LAST}
    for one in played[:-1]:
        reports, rejects = (rows(target, table, one.day) for table in ("reports", "rejects"))
        truth = story.accepted.filter(dt=one.day).drop("dt").sort("stack_id")
        assert reports.select(truth.columns).equals(truth)
        assert Counter(rejects.select("reason", "rule").rows()) == one.rejects
        assert {*reports["arrived_at"].dt.date(), *rejects["arrived_at"].dt.date()} == {one.day}
        assert +Counter(sealed[one.day].outcomes) == one.outcomes
    for table in ("reports", "rejects"):
        locations = target.catalog.days(table)
        assert set(locations) == {one.day for one in played}
        assert {day for day, prefix in locations.items() if "/live/" in prefix} == {LAST}
    assert sum(what == "over" for _, what in news) == 6
    assert machine_time(target)


def test_records_arrive_in_the_hour_in_which_the_story_has_them(target: Target) -> None:
    story = small(1)
    fill(target, story)
    found = rows(target, "reports", LAST).with_columns(hour=pl.col("arrived_at").dt.hour())
    hours = {one.partition_key: one.arrives.hour for one in story.days[0].sent if one.outcome == "accepted"}
    assert dict(found.select("stack_id", "hour").rows()) == hours


def test_a_sealed_day_is_dated_by_the_story(target: Target) -> None:
    (manifest,) = fill(target, small(1)).values()
    assert manifest.made_at == datetime(2025, 7, 1, 0, 5, tzinfo=UTC)
    assert not manifest.gaps


def test_a_story_that_is_cut_off_leaves_what_is_sealed_and_the_machines_time(target: Target) -> None:
    story = small(4)
    cut = story.days[2].day

    def stop(day: date, what: str) -> None:
        if (day, what) == (cut, "sealing"):
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fill(target, story, report=stop)
    assert machine_time(target)
    locations = target.catalog.days("reports")
    assert [day for day, prefix in sorted(locations.items()) if "/sealed/" in prefix] == [
        one.day for one in story.days[:2]
    ]
    with pytest.raises(FillError, match=f"3 of these days already, from {story.days[0].day} to {cut}"):
        fill(target, story)


def test_other_records_on_the_stream_are_reported(target: Target) -> None:
    def put(_: date, what: str) -> None:
        if what == "committing":
            target.kinesis.put_record(StreamName=target.names.stream, Data=b"{", PartitionKey="stranger")

    with pytest.raises(FillError, match="other records"):
        fill(target, small(1), report=put)
    assert machine_time(target)
