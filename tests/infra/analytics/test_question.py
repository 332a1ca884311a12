"""The questions' files: headers, names, and functions that Athena has."""

from __future__ import annotations

import tomllib
from typing import TYPE_CHECKING

import pytest
import sqlglot
from sqlglot import exp

from infra.analytics.question import HeaderError, Question
from infra.analytics.questions import QUESTIONS, find
from tests.support.pages import ROOT

if TYPE_CHECKING:
    from pathlib import Path

FOLDERS = ROOT / "infra" / "analytics" / "questions"
GOOD = "-- Who?\n--\n-- All of them.\n--\n-- a: the first\nSELECT 1 AS a\n"


def test_every_folder_is_a_question_of_its_name_with_its_sql_and_its_section() -> None:
    folders = {path.parent.name for path in FOLDERS.glob("*/*") if path.suffix in {".py", ".sql"}}
    assert folders == set(QUESTIONS)
    for name in folders:
        assert {path.name for path in (FOLDERS / name).glob("*.*")} == {
            "__init__.py",
            "question.sql",
            "section.py",
        }


def test_a_new_folder_is_a_new_question_in_its_order(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    package = f"asked_{tmp_path.name}"
    for name, order in (("last", 30), ("first", 4), ("second", 5), ("no_question", None)):
        folder = tmp_path / package / name
        folder.mkdir(parents=True)
        (folder / "__init__.py").write_text(f"ORDER = {order}")
        if order is not None:
            (folder / "question.sql").write_text(GOOD)
    (tmp_path / package / "__init__.py").touch()
    monkeypatch.syspath_prepend(tmp_path)
    assert list(find(package)) == ["first", "second", "last"]


def test_the_built_package_has_every_question() -> None:
    """A file of SQL is no module: setuptools packs it only if pyproject.toml says so."""
    packed = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]["setuptools"]["package-data"]
    (pattern,) = packed["infra.analytics.questions"]
    assert {path.parent.name for path in FOLDERS.glob(pattern)} == set(QUESTIONS)


def test_a_header_says_what_it_answers_and_its_columns() -> None:
    question = Question.parse("who", GOOD)
    assert (question.title, question.text, dict(question.columns)) == (
        "Who?",
        "All of them.",
        {"a": "the first"},
    )
    assert question.sql == GOOD


@pytest.mark.parametrize("sql", ["SELECT 1", GOOD.replace("--\n", "", 1), GOOD.replace("a: ", "a ")])
def test_a_file_without_the_header_is_refused(sql: str) -> None:
    with pytest.raises(HeaderError, match=r"^who: "):
        Question.parse("who", sql)


@pytest.mark.parametrize("name", list(QUESTIONS))
def test_each_title_is_one_question_and_each_statement_one_select(name: str) -> None:
    question = QUESTIONS[name]
    assert question.title.endswith("?")
    (statement,) = sqlglot.parse(question.sql, read="athena")
    assert isinstance(statement, exp.Select)
    assert statement.named_selects == list(question.columns)


@pytest.mark.parametrize("name", list(QUESTIONS))
def test_each_reading_of_a_table_is_pruned_by_dt(name: str) -> None:
    """Whoever reads a table joins the window's first day beside it: so Athena knows which days to read."""
    statement = sqlglot.parse_one(QUESTIONS[name].sql, read="athena")
    readings = [table for table in statement.find_all(exp.Table) if table.name in {"reports", "rejects"}]
    assert readings
    for table in readings:
        select = table.find_ancestor(exp.Select)
        assert select is not None
        (join,) = select.args["joins"]
        assert join.this.name == "span"
        assert any(column.name == "dt" for column in join.args["on"].find_all(exp.Column))
