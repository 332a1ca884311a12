"""`metrics-local demo`, as `make demo` runs it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING

import polars as pl
import pytest

from infra.analytics.engine import Engine
from infra.analytics.folder import Folder
from infra.analytics.questions import QUESTIONS
from infra.fleets import fleet
from infra.local.demo import honest_of, weeks_before
from infra.local.system import clean_environment
from stream_worker.lake.keys import LIVE, day_folder
from tests.support.e2e.installation import run

if TYPE_CHECKING:
    from pathlib import Path

REPORTS = 1500
SEED = 7


def accounts(shown: str) -> dict[str, tuple[int, int]]:
    """Read the table of accounts: what was found of each outcome, and what was sent as such."""
    rows = re.findall(r"^│ (\w+) +│ +([\d,]+) │ +([\d,]+) │$", shown, re.MULTILINE)
    return {name: (int(found.replace(",", "")), int(sent.replace(",", ""))) for name, found, sent in rows}


@dataclass(frozen=True)
class Played:
    """A demonstration that was played: what it printed, the lake's copy that it left, and the day."""

    shown: str
    lake: Path
    day: date

    @property
    def page(self) -> str:
        """The report page's HTML."""
        return (self.lake / "report.html").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory) -> Played:
    """Run the demonstration, once more if midnight came while it ran."""
    folder = tmp_path_factory.mktemp("demo")
    environment = clean_environment() | {"HOME": str(folder), "TMPDIR": str(folder)}
    for attempt in "ab":
        day, lake = datetime.now(UTC).date(), folder / attempt
        options = ["--reports", str(REPORTS), "--seed", str(SEED), "--lake", str(lake)]
        ended = run("metrics-local", "demo", *options, environment=environment, seconds=300)
        if datetime.now(UTC).date() == day:
            break
    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert ended.stderr == ""
    return Played(ended.stdout, lake, day)


def test_the_demo_accounts_for_every_record_and_leaves_the_lake(played: Played) -> None:
    shown = accounts(played.shown)
    accepted, received = shown.pop("accepted"), shown.pop("received")
    assert received[0] == accepted[0] + sum(found for found, _ in shown.values())
    reports, rejects = (
        pl.read_parquet(played.lake / day_folder(table, LIVE, played.day)) for table in ("reports", "rejects")
    )
    assert reports.height == accepted[0]
    assert dict(rejects["reason"].value_counts().rows()) == {
        name: found for name, (found, _) in shown.items()
    }


def test_the_demo_comes_out_as_its_seed_says(played: Played) -> None:
    story = weeks_before(REPORTS, SEED, played.day - timedelta(days=1))
    expected = fleet.expected(fleet.day(REPORTS, SEED, honest_of(story)))
    refused = expected.pop("refused")
    shown = accounts(played.shown)
    assert shown.pop("received") == (REPORTS - refused, REPORTS - refused)
    assert shown == {outcome: (number, number) for outcome, number in expected.items()}


def test_the_demo_leaves_four_sealed_weeks_behind_the_live_day(played: Played) -> None:
    with Engine(Folder(played.lake)) as engine:
        days = engine.ask(QUESTIONS["freshness"]).rows
        growth = {row[0]: row[1] for row in engine.ask(QUESTIONS["growth"]).rows}
    assert [row[1] for row in days] == ["sealed"] * 28 + ["live"]
    assert days[-1][0] == played.day
    sealed = [row[2] for row in days[:-1]]
    story = weeks_before(REPORTS, SEED, days[-2][0])
    assert sealed == [one.outcomes["accepted"] for one in story.days]
    assert days[-1][2] == pytest.approx(sealed[-1], rel=0.1)
    assert growth[played.day] < days[-1][2] / 5, "today's reports come from the fleet of the weeks before"


def test_a_plain_demo_ends_with_a_page_of_curves(played: Played) -> None:
    assert played.shown.rstrip().endswith(str((played.lake / "report.html").resolve()))
    assert "No data yet" not in played.page
    sections = dict(re.findall(r'<section aria-labelledby="(\w+)">(.*?)</section>', played.page, re.DOTALL))
    for name in QUESTIONS:
        assert "<svg" in sections[name], name
        assert sections[name].count('<th scope="row">') > 2, f"{name} has more than one point"
    for name in ("active_deployments", "version_adoption", "feature_use"):
        assert max(path.count("L") for path in re.findall(r' d="(M[^"]+)"', sections[name])) > 20, name


def test_the_demo_does_not_write_into_a_folder_that_is_there(tmp_path: Path) -> None:
    ended = run("metrics-local", "demo", "--lake", str(tmp_path), environment=clean_environment())
    assert ended.returncode == 2
    assert "--lake" in ended.stderr
