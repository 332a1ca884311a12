"""The report page: one HTML file that needs nothing from elsewhere, and no script."""

from __future__ import annotations

from base64 import b64encode
from hashlib import sha256
from importlib.resources import files
from typing import TYPE_CHECKING, Final

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from infra.analytics.charts.days import Days
from infra.analytics.charts.numbers import day
from infra.analytics.questions import QUESTIONS, section_of
from infra.analytics.report.dictionary import entries, marked
from infra.analytics.report.headline import headline
from schemas.tables import TABLES

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from infra.analytics.charts.section import Row
    from infra.analytics.engine import Answer
    from schemas.tables import Table

_PACKAGE: Final = "infra.analytics.report"


def render(answers: Mapping[str, Answer], made_from: str, tables: Sequence[Table] = TABLES) -> str:
    """Return the page as HTML, the same for the same answers. `made_from` says which lake they are from.

    `answers` has each of `QUESTIONS` by its name; one without rows says that there are no data yet.
    Raises `KeyError` for a question that was not asked.
    """
    rows = {name: _rows(answers[name]) for name in QUESTIONS}
    known = Days.of(rows["freshness"])
    sections = [section_of(answers[name].question, rows[name], known) for name in QUESTIONS]
    style = files(_PACKAGE).joinpath("style.css").read_text(encoding="utf-8")
    environment = Environment(
        loader=PackageLoader(_PACKAGE),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["code"] = marked
    return environment.get_template("page.html.j2").render(
        made_from=made_from,
        up_to=day(known.newest) if known.newest else None,
        headline=headline(rows["active_deployments"], known),
        sections=sections,
        tables=[(table, entries(table)) for table in tables],
        style=Markup(style),  # noqa: S704 - the project's own file
        policy=_policy(style),
    )


def _rows(answer: Answer) -> list[Row]:
    return [dict(zip(answer.question.columns, row, strict=True)) for row in answer.rows]


def _policy(style: str) -> str:
    """Return a Content-Security-Policy that lets nothing run or load, and this style sheet alone apply."""
    digest = b64encode(sha256(style.encode()).digest()).decode()
    return f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"
