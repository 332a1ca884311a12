"""A lake that the worker's own code filled with the story; a day is missing, the newest is live."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

import polars as pl
import pytest

from infra.fleets.story.making import make_story
from infra.local.filling.fill import fill
from infra.local.filling.target import Target
from infra.local.lake_copy import download
from infra.local.resources import Resources, create
from infra.local.system import Cloud
from tests.support.analytics.truth import DAY, Truth

if TYPE_CHECKING:
    from pathlib import Path

    from infra.fleets.story.story import Story
    from tests import conftest

LAST = date(2026, 11, 21)  # a Saturday: the last week is not whole
MISSING = LAST - 17 * DAY


@dataclass(frozen=True)
class Filled:
    """A cloud whose lake has a story, a copy of the lake, and what is true of it."""

    cloud: Cloud
    folder: Path
    story: Story
    truth: Truth


@pytest.fixture(scope="session")
def filled(cloud: conftest.Cloud, tmp_path_factory: pytest.TempPathFactory) -> Filled:
    name = f"filled-{uuid.uuid4().hex[:12]}"
    names = Resources(stream=name, shards=2, bucket=name, database=name.replace("-", "_"))
    made = Cloud(cloud.endpoint, names)
    create(names, kinesis=made.kinesis, s3=made.s3, glue=made.glue)
    story = make_story(40, 7, LAST, start=110, end=260, forgeries=600, silent={MISSING})
    # What day-wide rules reject is rejected as the day is sealed; the newest has nothing for them.
    assert not [one for one in story.days[-1].sent if one.rule in {"nonce_sequence", "nonce_shared_digits"}]
    fill(Target.of(made), story, unsealed={LAST})
    folder = tmp_path_factory.mktemp("filled")
    download(made, folder)
    return Filled(made, folder, story, _truth(story, folder))


def _truth(story: Story, folder: Path) -> Truth:
    states = {one.day: "live" if one.day == LAST else "sealed" for one in story.days if one.day != MISSING}
    truth = Truth(story.accepted.rows(), story.rejected.rows(), states)
    # The story knows the hour of an arrival alone: the rest of it is the stream's.
    for path in folder.glob("r*/live/*/*.parquet"):
        day = date.fromisoformat(path.parent.name[3:])
        arrivals = [at.replace(tzinfo=None) for at in pl.read_parquet(path)["arrived_at"]]
        if arrivals:
            truth.arrivals[day] = max(truth.arrivals.get(day, arrivals[0]), *arrivals)
    return truth
