"""Every question over lakes whose truth is counted without SQL."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

import pytest

from infra.analytics.engine import Engine
from infra.analytics.folder import Folder
from infra.analytics.questions import QUESTIONS
from tests.support.analytics import lakes
from tests.support.analytics.truth import DAY, Truth

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.analytics.truth import Row

LAST = date(2026, 11, 22)  # a Sunday
MOST = 2**53 - 1


def ask(lake: Path, name: str) -> list[Row]:
    with Engine(Folder(lake)) as engine:
        return engine.ask(QUESTIONS[name]).rows


def all_agree(lake: Path, truth: Truth) -> None:
    with Engine(Folder(lake)) as engine:
        for name, question in QUESTIONS.items():
            agree(name, engine.ask(question).rows, getattr(truth, name)())


def agree(name: str, found: list[Row], expected: list[Row]) -> None:
    assert len(found) == len(expected), name
    for row, wanted in zip(found, expected, strict=True):
        numbers = [
            pytest.approx(one, rel=1e-9, abs=1e-12) if isinstance(one, float) else one for one in wanted
        ]
        assert list(row) == numbers, name


@pytest.mark.parametrize(("days", "seed"), [(215, 1), (215, 2), (60, 3), (29, 4)])
def test_each_number_is_what_the_fleet_did(tmp_path: Path, days: int, seed: int) -> None:
    truth = lakes.fleet(days, seed, LAST - seed * DAY)
    all_agree(lakes.write(tmp_path, truth), truth)


def test_an_empty_lake_has_no_answers(tmp_path: Path) -> None:
    for name in QUESTIONS:
        assert ask(tmp_path, name) == []


def test_one_day_is_answered(tmp_path: Path) -> None:
    truth = Truth([lakes.report(LAST, who) for who in range(1, 31)], [], {LAST: "live"})
    all_agree(lakes.write(tmp_path, truth), truth)
    assert ask(tmp_path, "active_deployments") == [(LAST, False, 30, 30, 30)]
    assert ask(tmp_path, "growth") == [(LAST, 30, 0, 0)]
    assert ask(tmp_path, "time_to_half") == []


def test_a_day_without_partition_is_missing_and_one_without_rows_is_empty(tmp_path: Path) -> None:
    states = {LAST: "sealed", LAST - DAY: "live", LAST - 3 * DAY: "sealed"}
    truth = Truth(
        [lakes.report(LAST - 3 * DAY, 1), lakes.report(LAST, 1)], [], states | {LAST - DAY: "empty"}
    )
    all_agree(lakes.write(tmp_path, truth), truth)
    assert [row[1] for row in ask(tmp_path, "freshness")] == ["sealed", "missing", "empty", "sealed"]


def test_the_answer_is_the_same_on_every_later_day() -> None:
    """No question asks for the present: only what the lake holds moves a window."""
    for question in QUESTIONS.values():
        for word in ("current_date", "current_timestamp", "now(", "localtime"):
            assert word not in question.sql.lower()


def test_sums_of_counters_near_2_to_the_53_lose_no_digit(tmp_path: Path) -> None:
    days = [LAST - n * DAY for n in range(28)]
    counters = (MOST, MOST, MOST, 1, MOST - 1, 0)
    reports = [lakes.report(day, who, counters=counters) for day in days for who in range(1, 41)]
    truth = Truth(reports, [], dict.fromkeys(days, "sealed"))
    all_agree(lakes.write(tmp_path, truth), truth)
    rates = {row[1]: row for row in ask(tmp_path, "failure_rates")}
    assert rates["tokenize"][3:5] == (28 * 40 * 2 * MOST, 28 * 40 * MOST)
    assert rates["createGrant"][3:5] == (28 * 40 * (MOST - 1), 0)


def test_a_deployment_on_two_shards_of_a_live_day_counts_once_among_the_active(tmp_path: Path) -> None:
    truth = Truth([lakes.report(LAST, 1), lakes.report(LAST, 1), lakes.report(LAST, 2)], [], {LAST: "live"})
    lakes.write(tmp_path, truth)
    assert ask(tmp_path, "active_deployments") == [(LAST, False, 2, 2, 2)]
    assert ask(tmp_path, "growth") == [(LAST, 2, 0, 0)]


def test_a_version_is_text_whatever_it_says(tmp_path: Path) -> None:
    version = "1.0.0-<script>alert(1)</script>'\""
    truth = Truth([lakes.report(LAST, 1, version)], [], {LAST: "sealed"})
    lakes.write(tmp_path, truth)
    assert ask(tmp_path, "version_adoption") == [(LAST, version, 1, 1.0)]


BUILDS = ("1.9.1", "1.9.1+b7", "1.9.1+b-8.x")


def test_a_build_counts_with_its_release_and_a_pre_release_apart(tmp_path: Path) -> None:
    versions = (*BUILDS, "1.9.1-rc.1+b7")
    reports = [lakes.report(LAST, who, versions[who % 4], (1, 1, 0, 0, 0, 0)) for who in range(1, 121)]
    truth = Truth(reports, [], {LAST: "sealed"})
    all_agree(lakes.write(tmp_path, truth), truth)
    assert ask(tmp_path, "version_adoption") == [(LAST, "1.9.1", 90, 0.75), (LAST, "1.9.1-rc.1", 30, 0.25)]
    assert [row[:5] for row in ask(tmp_path, "failure_rates")] == [
        ("1.9.1", "tokenize", 90, 180, 90),
        ("1.9.1-rc.1", "tokenize", 30, 60, 30),
    ]


def test_a_deployment_that_changes_its_build_is_one_of_its_release(tmp_path: Path) -> None:
    days = [LAST - n * DAY for n in range(3)]
    reports = [lakes.report(day, who, BUILDS[n]) for n, day in enumerate(days) for who in range(1, 31)]
    truth = Truth(reports, [], dict.fromkeys(days, "sealed"))
    all_agree(lakes.write(tmp_path, truth), truth)
    assert {row[:3] for row in ask(tmp_path, "failure_rates")} == {
        ("1.9.1", "tokenize", 30),
        ("1.9.1", "detokenize", 30),
        ("1.9.1", "createGrant", 30),
    }


def test_a_build_makes_a_version_no_newer(tmp_path: Path) -> None:
    days = [LAST - n * DAY for n in (4, 3, 2, 1, 0)]
    ran = {"1.9.0": (4, 3, 1, 0, 0), "1.9.1": (0, 1, 2, 2, 2), "1.9.1+b7": (0, 0, 1, 2, 2)}
    reports, who = [], 0
    for version, counts in ran.items():
        for day, count in zip(days, counts, strict=True):
            reports += [lakes.report(day, who := who + 1, version) for _ in range(count)]
    truth = Truth(reports, [], dict.fromkeys(days, "sealed"))
    all_agree(lakes.write(tmp_path, truth), truth)
    assert ask(tmp_path, "time_to_half") == [("1.9.1", days[1], days[2], 1, 1.0)]


def test_a_reject_of_a_rule_that_there_is_no_more_is_still_counted(tmp_path: Path) -> None:
    truth = Truth([], [(LAST, "fraud", lakes.FORMER_RULE)] * 3, {LAST: "sealed"})
    lakes.write(tmp_path, truth)
    assert ask(tmp_path, "rejects_by_rule") == [(LAST, "fraud", "version_not_semantic", 3)]


def test_weekly_growth_explains_the_weekly_count(tmp_path: Path) -> None:
    lakes.write(tmp_path, lakes.fleet(215, 5, LAST))
    active = [row[3] for row in ask(tmp_path, "active_deployments")]
    for before, after, (_, new, returning, lost) in zip(
        active, active[1:], ask(tmp_path, "growth")[1:], strict=False
    ):
        assert after - before == new + returning - lost
