"""The questions over the demo's story: each number is what the generator knows."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from infra.analytics.answer_table import as_lines
from infra.analytics.bucket import Bucket
from infra.analytics.engine import Engine
from infra.analytics.folder import Folder
from infra.analytics.questions import QUESTIONS
from tests.infra.analytics.conftest import LAST, MISSING
from tests.infra.analytics.test_answers import agree

if TYPE_CHECKING:
    from infra.analytics.location import Location
    from tests.infra.analytics.conftest import Filled


@pytest.fixture(params=["folder", "bucket"])
def place(request: pytest.FixtureRequest, filled: Filled, monkeypatch: pytest.MonkeyPatch) -> Location:
    for name, value in filled.cloud.environment.items():
        monkeypatch.setenv(name, value)
    if request.param == "folder":
        return Folder(filled.folder)
    return Bucket(filled.cloud.resources.bucket, filled.cloud.resources.database)


def test_each_number_is_the_storys(filled: Filled, place: Location) -> None:
    with Engine(place) as engine:
        for name, question in QUESTIONS.items():
            agree(name, engine.ask(question).rows, getattr(filled.truth, name)())


def test_the_story_has_something_to_show_in_each_chart(filled: Filled) -> None:
    """Each chart has something to see: else the numbers could agree on nothing."""
    with Engine(Folder(filled.folder)) as engine:
        rows = {name: engine.ask(question).rows for name, question in QUESTIONS.items()}
    assert rows["active_deployments"][-1][2] > 1.5 * rows["active_deployments"][0][2]
    assert all(sum(row[column] for row in rows["growth"][8:]) > 0 for column in (1, 2, 3))
    assert {row[0] for row in rows["time_to_half"] if row[2]} >= {"2.1.1"}
    rates = {(version, feature): (low, high) for version, feature, *_, low, high in rows["failure_rates"]}
    assert rates["2.1.0", "createGrant"][0] > rates["2.1.1", "createGrant"][1]
    assert sum(row[3] for row in rows["rejects_by_rule"] if row[1] == "fraud") >= 600
    states = {row[0]: row[1] for row in rows["freshness"]}
    assert (states[MISSING], states[LAST]) == ("missing", "live")
    assert rows["retention"][-1][0] < LAST


def test_rows_for_machines_are_json_with_days_times_and_nulls(filled: Filled) -> None:
    with Engine(Folder(filled.folder)) as engine:
        answer = engine.ask(QUESTIONS["freshness"])
    rows = [json.loads(line) for line in as_lines(answer)]
    assert [list(row) for row in rows] == [list(answer.columns)] * len(rows)
    last = filled.truth.arrivals[LAST]
    assert rows[-1]["dt"] == str(LAST)
    assert rows[-1]["last_arrival"] == f"{last:%Y-%m-%dT%H:%M:%S}.{last.microsecond // 1000:03}Z"
    assert next(row for row in rows if row["dt"] == str(MISSING))["last_arrival"] is None
