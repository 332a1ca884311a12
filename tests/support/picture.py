"""README's picture of the report page: `python -m tests.support.picture PAGE`, after `make demo`."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Final

from tests.support.chromium.browser import start_browser
from tests.support.pages import ROOT

FILE: Final = ROOT / "infra" / "analytics" / "report" / "picture.png"

_SECTION: Final = "version_adoption"
_WIDTH: Final = 860


def main() -> None:
    """Take the picture: one section of a page, without what is folded below it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("page", type=Path, help="the report page that `make demo` has written")
    page = parser.parse_args().page.resolve()
    with start_browser() as browser:
        tab = browser.new_page(viewport={"width": _WIDTH, "height": 900}, color_scheme="light")
        tab.goto(page.as_uri())
        section = tab.locator(f"section[aria-labelledby={_SECTION}]").bounding_box()
        folded = tab.locator(f"section[aria-labelledby={_SECTION}] details").first.bounding_box()
        assert section is not None and folded is not None, "the page has no such section"  # noqa: PT018 - one reason
        clip = (0.0, section["y"], float(_WIDTH), folded["y"] - section["y"])
        names = ("x", "y", "width", "height")
        tab.screenshot(path=FILE, full_page=True, clip=dict(zip(names, clip, strict=True)))  # type: ignore[arg-type] # a TypedDict


if __name__ == "__main__":
    main()
