"""The story by itself: its days are consistent with each other and with its notes."""

from __future__ import annotations

import math
import uuid
from datetime import date, timedelta
from itertools import pairwise
from typing import TYPE_CHECKING

import orjson
import polars as pl
import pytest

from infra.fleets.story.attack import WAVES, waves
from infra.fleets.story.making import make_story
from infra.fleets.story.releases import BAD, EARLIER, FIX, releases
from infra.fleets.story.use import FAILING, FAILING_BADLY
from schemas.tables import COUNTER_COLUMNS

if TYPE_CHECKING:
    from infra.fleets.story.story import Story

LAST = date(2026, 11, 22)
DAYS = 60
ORDER = [release.version for release in releases(DAYS)]
OUT = {release.version: LAST - timedelta(days=DAYS - 1 - release.day) for release in releases(DAYS)}


@pytest.fixture(scope="module")
def story() -> Story:
    return make_story(DAYS, 3, LAST)


def test_the_same_arguments_make_the_same_story() -> None:
    one, again, other = (make_story(5, seed, LAST, start=50, end=70, forgeries=60) for seed in (1, 1, 2))
    assert one == again
    assert one != other
    moved = make_story(5, 1, LAST - timedelta(days=7), start=50, end=70, forgeries=60)
    assert [day.outcomes for day in moved.days] == [day.outcomes for day in one.days]


def test_each_record_arrives_on_its_day_and_what_is_resent_later_in_the_same_hour(story: Story) -> None:
    assert [day.day for day in story.days] == [LAST - timedelta(days=n) for n in reversed(range(DAYS))]
    for day in story.days:
        assert {sent.arrives.date() for sent in day.sent} == {day.day}
        assert all(one.arrives <= other.arrives for one, other in pairwise(day.sent))
        first = {sent.body: place for place, sent in enumerate(day.sent) if sent.outcome == "accepted"}
        again = [(place, sent) for place, sent in enumerate(day.sent) if sent.outcome == "duplicate"]
        assert again
        for place, sent in again:
            assert first[sent.body] < place
            assert day.sent[first[sent.body]].arrives.hour == sent.arrives.hour


def test_the_frames_hold_what_was_sent(story: Story) -> None:
    accepted, rejected = story.accepted, story.rejected
    assert len(accepted) + len(rejected) == sum(len(day.sent) for day in story.days)
    assert not accepted.select("dt", "stack_id").is_duplicated().any()
    for day in story.days:
        assert accepted.filter(dt=day.day).height == day.outcomes["accepted"]
        assert rejected.filter(dt=day.day).height == day.rejects.total()
    report = next(orjson.loads(sent.body) for sent in story.days[0].sent if sent.outcome == "accepted")
    row = accepted.row(0)
    assert row == (story.days[0].day, report["stack_id"], report["version"], *report["metrics"].values())
    assert accepted.columns == ["dt", "stack_id", "version", *COUNTER_COLUMNS]
    assert all(uuid.UUID(nonce).version == 4 for nonce in accepted["stack_id"].unique())


def test_the_fleet_grows_and_deployments_come_pause_and_go(story: Story) -> None:
    reports = [day.outcomes["accepted"] for day in story.days]
    assert 350 < reports[0] < 430
    assert 1_050 < reports[-1] < 1_300
    assert 42_000 < sum(len(day.sent) for day in story.days) < 60_000
    lives = story.accepted.sort("dt").group_by("stack_id").agg("dt")["dt"].to_list()
    gaps = [max((later - day).days for day, later in pairwise(life)) for life in lives if len(life) > 1]
    assert sum(gap > 7 for gap in gaps) > 50, "some are silent for more than a week and come back"
    assert sum(life[-1] < LAST - timedelta(days=21) for life in lives) > 50, "some leave for good"
    assert sum(life[0] > LAST - timedelta(days=7) for life in lives) > 50, "some join in the last week"


def test_releases_roll_out_from_their_day_on_and_no_deployment_goes_back(story: Story) -> None:
    reports = story.accepted.with_columns(
        place=pl.col("version").replace_strict({v: n for n, v in enumerate(ORDER)})
    )
    steps = reports.sort("dt").select(pl.col("place").diff().over("stack_id"))["place"].drop_nulls()
    assert steps.min() == 0
    first = dict(story.accepted.group_by("version").agg(pl.col("dt").min()).rows())
    assert set(first) == set(ORDER)
    assert all(first[version] == OUT[version] for version in ORDER if version not in EARLIER)
    newest = story.accepted.filter(dt=LAST, version=ORDER[-1]).height
    assert newest > story.days[-1].outcomes["accepted"] / 2, "the last release reaches half of the fleet"


def test_the_bad_release_fails_at_grants_alone(story: Story) -> None:
    sums = story.accepted.group_by("version").agg(pl.col(COUNTER_COLUMNS).sum())
    for row in sums.iter_rows(named=True):
        for feature in ("tokenize", "detokenize", "create_grant"):
            failed = row[f"{feature}_failure"]
            bad = row["version"] == BAD and feature == "create_grant"
            expected = (failed + row[f"{feature}_success"]) * (FAILING_BADLY if bad else FAILING)
            assert abs(failed - expected) < 6 * math.sqrt(expected)


def test_the_fix_repairs_the_broken_client(story: Story) -> None:
    broken = [day.rejects["invalid", "$"] for day in story.days]
    mistyped = [day.rejects["invalid", "$.version"] for day in story.days]
    assert [day.outcomes["invalid"] for day in story.days] == list(
        map(sum, zip(broken, mistyped, strict=True))
    )
    before = broken[(OUT[FIX] - story.days[0].day).days - 1]
    assert before > 25
    assert broken[-1] < before / 4
    bodies = [sent.body for day in story.days for sent in day.sent if sent.rule == "$"]
    assert all("collected_metrics" in orjson.loads(body) for body in bodies)


def test_the_attack_comes_on_days_in_a_row_and_is_as_great_as_was_asked(story: Story) -> None:
    days = waves(DAYS)
    assert len(days) == len(WAVES)
    forged = {n: day.rejects["fraud", days[n].rule] for n, day in enumerate(story.days) if n in days}
    assert sum(forged.values()) == 2_000
    assert max(forged) - min(forged) == 2
    others = [day.outcomes["fraud"] for n, day in enumerate(story.days) if n not in days]
    assert 0 < max(others) < 5


def test_the_notes_name_the_days_on_which_it_happens(story: Story) -> None:
    notes = "\n".join(story.notes)
    bad, attack = next(note for note in story.notes if BAD in note and "bad" in note), waves(DAYS)
    assert str(OUT[BAD]) in bad
    assert str(OUT[FIX]) in bad
    for number, wave in attack.items():
        day = story.days[number]
        assert f"{day.rejects['fraud', wave.rule]:,} on {day.day} ({wave.rule})" in notes
    assert f"{story.accepted.height:,} reports in all" in notes


def test_a_silent_day_has_nothing_and_changes_no_other() -> None:
    silent = LAST - timedelta(days=2)
    whole = make_story(5, 4, LAST, start=40, end=60, forgeries=60)
    lacking = make_story(5, 4, LAST, start=40, end=60, forgeries=60, silent={silent})
    assert [day for day in lacking.days if day.sent] == [day for day in whole.days if day.day != silent]
    assert str(silent) in lacking.notes[-1]


@pytest.mark.parametrize("days", [1, 2, 3, 7, 366])
def test_a_story_has_as_many_days_as_were_asked_for(days: int) -> None:
    story = make_story(days, 5, LAST, start=20, end=30, forgeries=60)
    assert len(story.days) == days
    assert story.days[-1].day == LAST
    assert all(day.outcomes["accepted"] for day in story.days)
    assert story.notes
