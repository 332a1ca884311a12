"""The project's pages, as tests read them: text, sections, headings and links of each Markdown file."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).parents[2]

_FOLDERS: Final = ("findings", "infra", "ingest_api", "schemas", "stream_worker", "tests")
_FENCED: Final = re.compile(r"^```.*?^```$", re.MULTILINE | re.DOTALL)
_HEADING: Final = re.compile(r"^(#+) (.+)$", re.MULTILINE)


@dataclass(frozen=True)
class Page:
    """A page, named by its path from the repository's root."""

    name: str

    @property
    def path(self) -> Path:
        """Return where its file is."""
        return ROOT / self.name

    @cached_property
    def text(self) -> str:
        """Return all of it."""
        return self.path.read_text(encoding="utf-8")

    @cached_property
    def _prose(self) -> str:
        """Return the text with blanks in place of fenced code, so that places stay the same."""
        return _FENCED.sub(lambda found: re.sub(r"[^\n]", " ", found[0]), self.text)

    def section(self, heading: str) -> str:
        """Return what is under a heading, the headings below it included.

        Raises `LookupError` unless the page has that heading exactly once.
        """
        headings = list(_HEADING.finditer(self._prose))
        found = [place for place, one in enumerate(headings) if one[2] == heading]
        if len(found) != 1:
            raise LookupError(f"{self.name} has the heading {heading!r} {len(found)} times")
        own = headings[found[0]]
        after = (one.start() for one in headings[found[0] + 1 :] if len(one[1]) <= len(own[1]))
        return self.text[own.end() : next(after, len(self.text))]

    @cached_property
    def anchors(self) -> tuple[str, ...]:
        """Return the anchor of each heading, as GitHub makes them."""
        named = (re.sub(r"[^\w\- ]", "", title.lower()) for _, title in _HEADING.findall(self._prose))
        return tuple(name.replace(" ", "-") for name in named)

    @cached_property
    def links(self) -> tuple[str, ...]:
        """Return the targets of its links, as they are written."""
        return tuple(re.findall(r"\]\(([^)]+)\)", re.sub(r"`[^`\n]*`", "", self._prose)))


def all_pages() -> tuple[Page, ...]:
    """Return every page of the repository, the README first."""
    found = [README.path]
    for folder in _FOLDERS:
        for place, folders, files in os.walk(ROOT / folder):
            folders[:] = [name for name in folders if name != "node_modules"]
            found += [Path(place, name) for name in files if name.endswith(".md")]
    found += [path for path in ROOT.glob("*.md") if path != README.path]
    return tuple(Page(path.relative_to(ROOT).as_posix()) for path in (found[0], *sorted(found[1:])))


README: Final = Page("README.md")
EDGE: Final = Page("ingest_api/README.md")
WORKER: Final = Page("stream_worker/README.md")
SCHEMAS: Final = Page("schemas/README.md")
INFRA: Final = Page("infra/README.md")
ANALYTICS: Final = Page("infra/analytics/README.md")
TESTS: Final = Page("tests/README.md")
CONTRIBUTING: Final = Page("CONTRIBUTING.md")
