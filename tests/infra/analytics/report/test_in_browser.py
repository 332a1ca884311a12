"""The page as a browser shows it: alone, on every screen and paper, for everybody."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from infra.analytics.questions import QUESTIONS
from tests.infra.analytics.report.conftest import html_of
from tests.support.analytics.answers import LAST, Lake
from tests.support.chromium.browser import AXE

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from playwright.sync_api import Browser, Page

QUARTER = Lake(90, unsealed=2, missing=frozenset({LAST.replace(day=1)}), versions=12)
YEAR = Lake(365, versions=25)
NARROW = {"width": 390, "height": 844}
LARGEST = 3_000_000


def shut_out(page: Page) -> list[str]:
    """Return what axe finds: its rules and the elements that break them."""
    page.evaluate(AXE.read_text(encoding="utf-8"))
    found: dict[str, Any] = page.evaluate("axe.run(document, {resultTypes: ['violations']})")
    return [
        f"{broken['id']}: {node['html'][:120]}" for broken in found["violations"] for node in broken["nodes"]
    ]


@pytest.mark.parametrize("lake", [QUARTER, Lake(1, versions=1), Lake(0)], ids=["quarter", "day", "empty"])
def test_the_page_asks_for_nothing_and_has_no_complaint(lake: Lake, browser: Browser, tmp_path: Path) -> None:
    file = tmp_path / "report.html"
    file.write_text(html_of(lake), encoding="utf-8")
    asked: list[str] = []
    complaints: list[str] = []
    context = browser.new_context(offline=True)
    page = context.new_page()
    page.on("request", lambda request: asked.append(request.url))
    page.on("console", lambda message: complaints.append(message.text))
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.goto(file.as_uri())
    page.locator("details").evaluate_all("all => all.forEach(one => one.open = true)")
    page.screenshot(full_page=True)
    context.close()
    assert asked == [file.as_uri()]
    assert complaints == []


def test_the_policy_would_stop_a_script_and_a_picture(look: Callable[..., Page]) -> None:
    page = look(QUARTER)
    page.evaluate(
        "document.body.append(Object.assign(document.createElement('script'), {text: 'window.ran = 1'}))"
    )
    assert page.evaluate("window.ran") is None


def test_a_year_of_days_is_below_three_megabytes() -> None:
    assert len(html_of(YEAR).encode()) < LARGEST


@pytest.mark.parametrize("width", [320, 390, 768, 1280])
@pytest.mark.parametrize("lake", [QUARTER, YEAR], ids=["quarter", "year"])
def test_the_page_never_scrolls_sideways(lake: Lake, width: int, look: Callable[..., Page]) -> None:
    page = look(lake, viewport={"width": width, "height": 844})
    page.locator("details").evaluate_all("all => all.forEach(one => one.open = true)")
    assert page.evaluate("document.documentElement.scrollWidth") == width


@pytest.mark.parametrize("width", [360, 390, 768, 1280])
def test_the_smallest_text_of_a_chart_has_eleven_pixels(width: int, look: Callable[..., Page]) -> None:
    lake = replace(QUARTER, names={9: "1.9.0-" + "rc" * 40})
    page = look(lake, viewport={"width": width, "height": 844})
    smallest = page.evaluate(
        """() => Math.min(...[...document.querySelectorAll('figure svg')]
          .filter(svg => svg.checkVisibility())
          .flatMap(svg => [...svg.querySelectorAll('text')].map(
            text => parseFloat(getComputedStyle(text).fontSize) * svg.getScreenCTM().a)))"""
    )
    assert smallest >= (11 if width >= 390 else 10)


@pytest.mark.parametrize("width", [390, 1280])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nobody_shut_out(scheme: str, width: int, look: Callable[..., Page]) -> None:
    page = look(QUARTER, color_scheme=scheme, viewport={"width": width, "height": 844})
    page.locator("details").evaluate_all("all => all.forEach(one => one.open = true)")
    assert shut_out(page) == []
    page.evaluate("document.querySelector('main').append(document.createElement('img'))")
    assert [told.partition(":")[0] for told in shut_out(page)] == ["image-alt"]  # it does look


@pytest.mark.parametrize("viewport", [NARROW, {"width": 1280, "height": 900}], ids=["narrow", "wide"])
def test_each_chart_is_read_once_and_as_its_title_and_finding(
    viewport: dict[str, int], look: Callable[..., Page]
) -> None:
    page = look(QUARTER, viewport=viewport)
    figures = page.get_by_role("figure")
    assert figures.count() == len(QUESTIONS) + 1  # feature use has two
    assert page.get_by_role("img").count() == figures.count()
    for figure in figures.all():
        title, finding = figure.locator("figcaption").inner_text(), figure.locator(".finding").inner_text()
        drawing = figure.get_by_role("img", name=title, exact=True)
        assert drawing.count() == 1
        described = drawing.get_attribute("aria-describedby")
        assert page.locator(f"[id='{described}']").inner_text() == finding
        assert drawing.locator("> *").evaluate_all(
            "all => all.map(one => one.getAttribute('aria-hidden'))"
        ) == ["true"]


def test_each_question_has_its_numbers_below_its_chart_and_its_sql(look: Callable[..., Page]) -> None:
    page = look(QUARTER)
    for question in QUESTIONS.values():
        section = page.locator("section").filter(has=page.locator(f"[id='{question.name}']"))
        section.locator("summary").first.click()
        assert section.get_by_role("table").count() >= 1
        assert section.locator("table caption").first.inner_text()
        assert section.locator("thead th:not([scope=col]), tbody th:not([scope=row])").count() == 0
        assert section.locator("tbody tr").count() == section.locator("tbody tr > th").count() > 0
    sql = page.locator("section:has([id='sql']) pre").all_text_contents()
    assert sorted(sql) == sorted(question.sql for question in QUESTIONS.values())


def test_where_the_reader_is_changes_nothing(look: Callable[..., Page]) -> None:
    pages = [look(QUARTER, timezone_id=zone) for zone in ("Pacific/Kiritimati", "America/Los_Angeles")]
    assert len({page.locator("body").inner_text() for page in pages}) == 1
    assert len({page.screenshot(full_page=True) for page in pages}) == 1


def test_paper_is_light_and_has_all_numbers(look: Callable[..., Page]) -> None:
    page = look(QUARTER, color_scheme="dark")
    dark = page.locator("body").evaluate("body => getComputedStyle(body).backgroundColor")
    page.emulate_media(media="print", color_scheme="dark")
    assert page.locator("body").evaluate("body => getComputedStyle(body).backgroundColor") != dark
    assert page.locator("html").evaluate("html => getComputedStyle(html).colorScheme") == "light"
    tables = page.locator("section .numbers table")
    assert tables.count() > len(QUESTIONS)
    assert all(table.is_visible() for table in tables.all())
    assert page.locator("svg.narrow").first.is_hidden()


def test_dark_and_light_charts_differ(look: Callable[..., Page]) -> None:
    shots = [
        look(QUARTER, color_scheme=scheme).locator("svg.wide").first.screenshot()
        for scheme in ("light", "dark")
    ]
    assert shots[0] != shots[1]
