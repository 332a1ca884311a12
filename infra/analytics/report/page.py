"""The report page: one HTML file that needs nothing from elsewhere, and no script."""

from __future__ import annotations

from base64 import b64encode
from hashlib import sha256
from importlib.resources import files
from typing import TYPE_CHECKING, Final

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from infra.analytics.report.days import Days
from infra.analytics.report.dictionary import entries, marked
from infra.analytics.report.headline import headline
from infra.analytics.report.numbers import day
from infra.analytics.report.section import Section
from infra.analytics.report.sections import SECTIONS
from schemas.tables import TABLES

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from infra.analytics.engine import Answer
    from infra.analytics.report.section import Row
    from schemas.tables import Table

_PACKAGE: Final = "infra.analytics.report"


def render(answers: Mapping[str, Answer], made_from: str, tables: Sequence[Table] = TABLES) -> str:
    """Return the page as HTML, the same for the same answers. `made_from` says which lake they are from.

    `answers` has each question of `SECTIONS` by its name; one without rows says that there are no data yet.
    Raises `KeyError` for a question that was not asked.
    """
    rows = {name: _rows(answers[name]) for name in SECTIONS}
    known = Days.of(rows["freshness"])
    sections = [
        make(answers[name].question, rows[name], known) if rows[name] else Section(answers[name].question)
        for name, make in SECTIONS.items()
    ]
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
