"""A browser for all tests of the page, and pages of made-up lakes."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

import pytest

from infra.analytics.report import render
from tests.support.analytics.answers import Lake, answers
from tests.support.chromium.browser import start_browser

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from playwright.sync_api import Browser, Page


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    with start_browser() as started:
        yield started


@cache
def html_of(lake: Lake) -> str:
    return render(answers(lake), "s3://a-lake")


@pytest.fixture
def look(browser: Browser, tmp_path: Path) -> Iterator[Callable[..., Page]]:
    """Open the page of a lake, with options of a browser's context."""
    contexts = []

    def open_page(lake: Lake, **options: Any) -> Page:  # noqa: ANN401 - the browser checks them
        file = tmp_path / "report.html"
        file.write_text(html_of(lake), encoding="utf-8")
        context = browser.new_context(**{"viewport": {"width": 1280, "height": 900}, **options})
        contexts.append(context)
        page = context.new_page()
        page.goto(file.as_uri())
        return page

    yield open_page
    for context in contexts:
        context.close()
