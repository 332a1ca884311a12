"""What the demonstration sends, by value."""

from __future__ import annotations

import re
from datetime import date

import pytest

from infra.fleets import fleet
from infra.local.demo import DAYS, REPORTS, honest_of, weeks_before
from tests.support.pages import INFRA, README

LAST = date(2026, 11, 28)


def test_the_first_pages_accounts_are_those_of_a_plain_demo() -> None:
    expected = fleet.expected(fleet.day(REPORTS, 1, honest_of(weeks_before(REPORTS, 1, LAST))))
    refused = expected.pop("refused")
    rows = re.findall(r"^│ (\w+) +│ +([\d,]+) │ +([\d,]+) │$", README.text, re.MULTILINE)
    accounts = dict(expected) | {"received": REPORTS - refused}
    assert {name: (found, sent) for name, found, sent in rows} == {
        name: (f"{number:,}", f"{number:,}") for name, number in accounts.items()
    }
    assert f"today's {REPORTS:,} reports" in README.text


def test_the_pages_say_how_many_days_a_plain_demo_fills() -> None:
    assert f"with {DAYS} days of a growing fleet" in README.text
    assert f"![Share of each version among the deployments of {DAYS + 1} days: " in README.text
    assert f"the demonstration: {DAYS} days in the lake, then today" in INFRA.text


@pytest.mark.parametrize("reports", [1, 5, 300, 4_000])
def test_the_days_honest_reports_are_nearly_all_of_the_fleet_of_the_weeks_before(reports: int) -> None:
    honest = honest_of(weeks_before(reports, 3, LAST))
    sent = fleet.day(reports, 3, honest)
    assert len(sent) == reports
    accepted = [one.body for one in sent if one.outcome == "accepted"]
    assert sum(body in set(honest) for body in accepted) >= 0.9 * len(accepted) - 1


def test_a_great_day_has_new_deployments_beside_a_fleet_of_no_more_than_4000() -> None:
    story = weeks_before(20_000, 3, LAST)
    assert max(one.outcomes["accepted"] for one in story.days) <= 4_000
    sent = fleet.day(20_000, 3, honest_of(story))
    assert fleet.expected(sent)["accepted"] > 18_000
