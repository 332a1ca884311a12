"""A section of the page: one question with its charts, sentences and tables."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from markupsafe import Markup

    from infra.analytics.question import Question

Row = Mapping[str, Any]
"""A row of an answer: column to value."""


@dataclass(frozen=True, slots=True)
class Figure:
    """A chart: `title` says what is drawn, `finding` what it shows; both are its text for a screen reader."""

    title: str
    finding: str
    drawings: Sequence[Markup]


@dataclass(frozen=True, slots=True)
class Table:
    """Numbers under a chart, as text.

    The first column heads its row; the first `words` columns are not numbers.
    """

    caption: str
    heads: Sequence[str]
    rows: Sequence[Sequence[str]]
    words: int = 1


@dataclass(frozen=True, slots=True)
class Section:
    """A question's part of the page; without figures there is nothing to draw yet."""

    question: Question
    figures: Sequence[Figure] = ()
    tables: Sequence[Table] = ()
