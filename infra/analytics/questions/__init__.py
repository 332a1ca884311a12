"""The questions: each folder here is one. It is listed, answered, deployed and on the report page.

A folder is a package with the question's name. It has `question.sql`, as Athena runs it, with a header;
`section.py`, whose function `section` draws the answer for the report page; and in `__init__.py` an `ORDER`:
the question with the lowest comes first.
"""

from __future__ import annotations

from importlib import import_module
from importlib.resources import files
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from infra.analytics.charts.section import Section
from infra.analytics.question import Question

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from infra.analytics.charts.days import Days
    from infra.analytics.charts.section import Row

_SQL: Final = "question.sql"


def find(package: str) -> Mapping[str, Question]:
    """Return the questions whose folders are in a package, by name and in their order.

    Raises `HeaderError` where the header of a question's SQL is not complete.
    """
    names = [folder.name for folder in files(package).iterdir() if folder.joinpath(_SQL).is_file()]
    ordered = sorted(names, key=lambda name: (import_module(f"{package}.{name}").ORDER, name))
    return MappingProxyType({name: _read(package, name) for name in ordered})


def section_of(question: Question, rows: Sequence[Row], known: Days) -> Section:
    """Return a question's section of the report page; without rows it has no figures."""
    if not rows:
        return Section(question)
    made: Section = import_module(f"{__name__}.{question.name}.section").section(question, rows, known)
    return made


def _read(package: str, name: str) -> Question:
    return Question.parse(name, files(package).joinpath(name, _SQL).read_text(encoding="utf-8"))


QUESTIONS: Final = find(__name__)
"""Every question by name, in the order of the report page."""
