"""The publication of the story's lake, counted without SQL."""

from __future__ import annotations

import csv
import io
import json
import subprocess
import sys
from collections import defaultdict
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

from infra.analytics.engine import Engine
from infra.analytics.folder import Folder
from infra.analytics.public.groups import LEAST, disjoint, part
from infra.analytics.public.publication import OTHER, RULE, WEEKS, as_csv, as_json, publication
from infra.local.system import clean_environment
from schemas.releases import RELEASED
from tests.infra.analytics.conftest import LAST, MISSING
from tests.support.analytics import lakes
from tests.support.analytics.truth import DAY, FEATURES, Row, Truth, release

if TYPE_CHECKING:
    from pathlib import Path

    from tests.infra.analytics.conftest import Filled

SUNDAY = date(2026, 11, 22)


def published(folder: Path) -> dict[str, Any]:
    with Engine(Folder(folder)) as engine:
        return publication(engine.ask(WEEKS))


def monday(day: date) -> date:
    return day - timedelta(days=day.weekday())


def expected(rows: list[Row]) -> dict[str, Any]:
    """Return what a week's rows allow to be published."""
    last = {row[1]: row for row in sorted(rows, key=lambda row: row[0])}
    versions = defaultdict[str, int](int)
    for row in last.values():
        versions[release(row[2]) if release(row[2]) in RELEASED else OTHER] += 1
    features = {}
    for feature, at in sorted(FEATURES.items()):
        used = {row[1] for row in rows if row[3 + at] + row[4 + at]}
        failed = {row[1] for row in rows if row[4 + at]}
        users = part(len(used), len(last))
        failing = None if users is None else part(len(failed), len(used))
        features[feature] = {"used": users, "with_failures": failing}
    shown = disjoint(versions)
    assert sum(versions.values()) == len(last)
    return {
        "deployments": shown.whole,
        "versions": shown.named,
        "smaller_versions_together": shown.others,
        "features": features,
    }


def test_each_week_of_the_story_is_published_as_the_rule_allows(filled: Filled) -> None:
    document = published(filled.folder)
    weeks = defaultdict[date, list[Row]](list)
    for row in filled.truth.reports:
        weeks[monday(row[0])].append(row)
    first, whole = min(filled.truth.states), sorted(weeks)
    whole = [week for week in whole if week >= first and week + 6 * DAY <= LAST and week != monday(MISSING)]
    assert len(whole) >= 3
    assert document["weeks"] == [{"week": str(week), **expected(weeks[week])} for week in whole]
    assert document["withheld_weeks"] == [
        {"week": str(monday(MISSING)), "days_missing_or_not_sealed": [str(MISSING)]}
    ]


def test_a_week_with_a_day_that_is_not_sealed_is_withheld(tmp_path: Path) -> None:
    days = [SUNDAY - n * DAY for n in range(14)]
    truth = Truth(
        [lakes.report(day, who) for day in days for who in range(1, 31)],
        [],
        dict.fromkeys(days, "sealed") | {SUNDAY: "live"},
    )
    document = published(lakes.write(tmp_path, truth))
    assert [week["week"] for week in document["weeks"]] == ["2026-11-09"]
    assert document["weeks"][0]["deployments"] == 30
    assert document["withheld_weeks"] == [
        {"week": "2026-11-16", "days_missing_or_not_sealed": ["2026-11-22"]}
    ]


def test_a_later_publication_says_the_same_of_a_week(tmp_path: Path) -> None:
    days = [SUNDAY - n * DAY for n in range(21)]
    reports = [lakes.report(day, who) for day in days for who in range(1, 20 + day.day)]
    early, late = tmp_path / "early", tmp_path / "late"
    shorter = [row for row in reports if row[0] <= SUNDAY - 3 * DAY]
    lakes.write(early, Truth(shorter, [], {day: "sealed" for day in days if day <= SUNDAY - 3 * DAY}))
    lakes.write(late, Truth(reports, [], dict.fromkeys(days, "sealed")))
    before, after = published(early)["weeks"], published(late)["weeks"]
    assert len(before) == 2
    assert after[:2] == before


def test_a_private_builds_version_is_not_named(tmp_path: Path) -> None:
    days = [SUNDAY - n * DAY for n in range(7)]
    reports = [lakes.report(day, who, "1.9.1") for day in days for who in range(1, 41)]
    reports += [lakes.report(day, who, "1.9.1-acme") for day in days for who in range(41, 61)]
    lakes.write(tmp_path, Truth(reports, [], dict.fromkeys(days, "sealed")))
    assert published(tmp_path)["weeks"][0]["versions"] == {"1.9.1": 40, OTHER: 20}


def test_build_metadata_counts_with_its_release(tmp_path: Path) -> None:
    days = [SUNDAY - n * DAY for n in range(7)]
    versions = ("1.9.1", "1.9.1+acme", "1.9.1+b.7", "1.9.1-acme+b.7")
    reports = [lakes.report(day, who, versions[who % 4]) for day in days for who in range(1, 81)]
    folder = lakes.write(tmp_path, Truth(reports, [], dict.fromkeys(days, "sealed")))
    (week,) = published(folder)["weeks"]
    assert week["versions"] == {"1.9.1": 60, OTHER: 20}
    assert "acme" not in str(week)


def test_of_a_small_fleet_and_of_an_empty_lake_nothing_is_published(tmp_path: Path) -> None:
    days = [SUNDAY - n * DAY for n in range(7)]
    truth = Truth([lakes.report(day, 1) for day in days], [], dict.fromkeys(days, "sealed"))
    (week,) = published(lakes.write(tmp_path / "one", truth))["weeks"]
    assert (week["deployments"], week["versions"], week["smaller_versions_together"]) == (None, {}, 0)
    assert {count for counts in week["features"].values() for count in counts.values()} == {None}
    (tmp_path / "none").mkdir()
    document = published(tmp_path / "none")
    assert (document["weeks"], document["withheld_weeks"]) == ([], [])
    assert list(csv.reader(io.StringIO(as_csv(document)))) == [
        ["week", "kind", "name", "deployments", "rule"]
    ]


def test_the_command_writes_both_files_with_the_rule_and_nothing_else(filled: Filled, tmp_path: Path) -> None:
    done = subprocess.run(
        [
            *(sys.executable, "-m", "infra.analytics", "public"),
            *("--lake", str(filled.folder), "--to", str(tmp_path)),
        ],
        env=clean_environment(), capture_output=True, text=True, timeout=120, check=True,
    )  # fmt: skip
    assert done.stdout.split() == [str(tmp_path / "usage.json"), str(tmp_path / "usage.csv")]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["usage.csv", "usage.json"]
    text = (tmp_path / "usage.json").read_text(encoding="utf-8")
    assert text == as_json(published(filled.folder))
    document = json.loads(text)
    assert set(document) == {"title", "rule", "weeks", "withheld_weeks"}
    assert document["rule"] == list(RULE)
    numbers = {
        (week["week"], "version", version): count
        for week in document["weeks"]
        for version, count in week["versions"].items()
    }
    with (tmp_path / "usage.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert {
        (row["week"], "version", row["name"]): int(row["deployments"])
        for row in rows
        if row["kind"] == "version"
    } == numbers
    assert {row["rule"] for row in rows} == {
        "5 or more deployments, rounded to 5; smaller groups and their complements are left out"
    }
    assert LEAST == 5
