"""What the page says, against what the answers were made from."""

from __future__ import annotations

import re
import subprocess
import sys
from datetime import timedelta
from typing import TYPE_CHECKING, Final

import pytest

from infra.analytics.charts.numbers import NONE
from infra.analytics.questions import QUESTIONS
from infra.analytics.report import render
from schemas.tables import PARTITION_KEY, TABLES
from tests.infra.analytics.report.conftest import html_of
from tests.support.analytics.answers import LAST, Lake, answers

if TYPE_CHECKING:
    from collections.abc import Callable

    from playwright.sync_api import Page

GAP: Final = frozenset({LAST - timedelta(days=back) for back in (30, 31)})
EVIL: Final = (
    "<script>alert(1)</script>",
    '"><img src=x>',
    "{{ 7 * 7 }}",
    "a\x00b\N{RIGHT-TO-LEFT OVERRIDE}",
    "v" * 300,
)


def rows(page: Page, question: str, table: int = 1) -> list[list[str]]:
    """Return the cells of a question's table."""
    return page.locator(f"[aria-labelledby='{question}-table-{table}'] tbody tr").evaluate_all(  # type: ignore[no-any-return]
        "all => all.map(row => [...row.cells].map(cell => cell.textContent))"
    )


def test_an_empty_lake_says_so_in_every_section(look: Callable[..., Page]) -> None:
    page = look(Lake(0))
    assert page.get_by_text("No data yet.", exact=True).count() == len(QUESTIONS)
    assert page.locator("svg").count() == 0


def test_one_day_is_drawn_as_points_and_bars(look: Callable[..., Page]) -> None:
    for unsealed in (0, 1):
        page = look(Lake(1, unsealed=unsealed, versions=1))
        active = page.locator("[id=active_deployments] ~ figure svg.wide")
        points = active.locator("path[stroke^='var(--c']").evaluate_all(
            "all => all.filter(one => one.getBoundingClientRect().width > 3).length"
        )
        assert points == 3
        bands = page.locator("[id=version_adoption] ~ figure svg.wide path[fill^='var(--r']")
        assert bands.evaluate_all("all => all.some(one => one.getBoundingClientRect().width > 100)")


def test_days_that_are_missing_are_gaps_and_unsealed_ones_dashed(look: Callable[..., Page]) -> None:
    lake = Lake(90, unsealed=2, missing=GAP)
    page = look(lake)
    lines = page.locator(
        "[id=active_deployments] ~ figure svg.wide path[stroke='var(--c3)'][stroke-width='2']"
    )
    drawn = lines.evaluate_all(
        """all => all.map(one => [one.hasAttribute('stroke-dasharray'), one.getBoundingClientRect()])
             .map(([dashed, box]) => ({dashed, left: box.left, right: box.right}))
             .sort((one, other) => one.left - other.left)"""
    )
    solid = [line for line in drawn if not line["dashed"]]
    assert len(solid) == 2
    day = (solid[0]["right"] - solid[0]["left"]) / (90 - 30 - 2 - 1 - 1)
    assert solid[1]["left"] - solid[0]["right"] == pytest.approx(day * 3, abs=day)
    dashed = [line for line in drawn if line["dashed"]]
    assert min(line["left"] for line in dashed) >= solid[1]["right"] - day
    told = page.locator("[id='freshness-1-finding']").inner_text()
    assert told.startswith("86 of 90 days are sealed; not sealed yet: 21 Nov 2026 and 22 Nov 2026; missing: ")


def test_the_headline_and_sentence_tell_of_the_newest_sealed_day(look: Callable[..., Page]) -> None:
    lake = Lake(90, unsealed=2)
    told = LAST - timedelta(days=2)
    now, before = lake.size(told), lake.size(told - timedelta(days=28))
    page = look(lake)
    figures = page.locator(".headline .figure").all_inner_texts()
    assert figures[:3] == [f"{now:,}", f"{now + 130:,}", f"{now + 240:,}"]
    assert figures[4:] == ["2", "0"]
    sentence = page.locator("[id='active_deployments-1-finding']").inner_text()
    assert sentence.startswith(
        f"{now:,} deployments reported on 20 Nov 2026, "
        f"{100 * (now / before - 1):.1f}\N{NO-BREAK SPACE}% more than 28 days before; "
    )


def test_tables_have_what_was_answered(look: Callable[..., Page]) -> None:
    lake = Lake(90, missing=GAP, versions=12)
    page = look(lake)
    heads = page.locator("[aria-labelledby='version_adoption-table-1'] thead th").all_text_contents()
    assert heads[1:] == [lake.name(version) for version in reversed(range(12))]
    for cells in rows(page, "version_adoption"):
        day = next(day for day in lake.kept if day.isoformat() == cells[0])
        ran = {
            version: int(cell.replace(",", ""))
            for version, cell in zip(heads[1:], cells[1:], strict=True)
            if cell != NONE
        }
        assert ran == lake.running(day)
    growth = [
        (day.isoformat(), f"{new}", f"{back}", f"{lost}", f"{new + back - lost:+}")
        for day, new, back, lost in answers(lake)["growth"].rows
    ]
    assert [tuple(cells) for cells in rows(page, "growth")] == growth[::-1]


def test_sums_keep_every_digit(look: Callable[..., Page]) -> None:
    lake = Lake(28, versions=2, scale=2**53)
    page = look(lake)
    told = {(cells[0], cells[1]): cells[3:5] for cells in rows(page, "failure_rates")}
    for version, feature, _, calls, failures, *_ in answers(lake)["failure_rates"].rows:
        assert told[version, feature] == [f"{calls:,}", f"{failures:,}"]
        assert calls > 10**22


def test_a_version_is_text_whatever_it_is(look: Callable[..., Page]) -> None:
    lake = Lake(60, versions=7, names=dict(enumerate(EVIL)))
    html = render(answers(lake), "<b>here</b>")
    assert "<script" not in html
    assert "<img" not in html
    assert "<b>" not in html
    page = look(lake)
    assert page.locator("script, img, figure b").count() == 0
    heads = page.locator("[aria-labelledby='version_adoption-table-1'] thead th").all_text_contents()
    assert {"<script>alert(1)</script>", '"><img src=x>', "{{ 7 * 7 }}", "a�b�", "v" * 300} <= set(heads)
    assert page.locator("figure svg.wide text", has_text="<script>alert(1)<").count() > 0


def test_the_machines_time_zone_and_clock_change_nothing() -> None:
    program = (
        "from hashlib import sha256; from infra.analytics.report import render;"
        "from tests.support.analytics.answers import Lake, answers;"
        "print(sha256(render(answers(Lake(10, versions=2)), 'x').encode()).hexdigest())"
    )
    digests = {
        subprocess.run(
            [sys.executable, "-c", program], env={"TZ": zone, "PATH": ""}, check=True, capture_output=True
        ).stdout
        for zone in ("Pacific/Kiritimati", "America/Los_Angeles")
    }
    assert len(digests) == 1


def test_the_dictionary_has_each_column_of_both_tables(look: Callable[..., Page]) -> None:
    page = look(Lake(0))
    for table in TABLES:
        cells = page.locator(f"[aria-labelledby='caption-{table.name}'] tbody tr").evaluate_all(
            "all => all.map(row => [...row.cells].map(cell => cell.textContent))"
        )
        assert cells == [
            [
                c.name,
                c.meaning.replace("`", ""),
                c.kind.word,
                c.unit or NONE,
                "yes" if c.nullable else "no",
                c.example,
            ]
            for c in (*table.columns, PARTITION_KEY)
        ]


def test_ids_are_unique_and_references_lead_somewhere() -> None:
    html = html_of(Lake(90, versions=12))
    ids = re.findall(r'\bid="([^"]+)"', html)
    assert len(ids) == len(set(ids))
    named = {
        name
        for names in re.findall(r'aria-(?:labelledby|describedby)="([^"]+)"', html)
        for name in names.split()
    }
    named |= set(re.findall(r'href="#([^"]+)"', html)) | set(re.findall(r"url\(#([^)]+)\)", html))
    assert named <= set(ids)


@pytest.mark.parametrize(("days", "left_out"), [(1, 0), (30, 1), (90, 0)])
def test_the_growth_chart_leaves_a_lakes_first_day_out_and_says_so(
    look: Callable[..., Page], days: int, left_out: int
) -> None:
    page = look(Lake(days))
    assert page.get_by_text("the lake's first day, on which all are new").count() == left_out
    assert len(rows(page, "growth")) == days
