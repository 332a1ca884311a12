"""The questions' files: headers, names, and functions that Athena has."""

from __future__ import annotations

from pathlib import Path

import pytest
import sqlglot
from sqlglot import exp

from infra.analytics.question import QUESTIONS, HeaderError, Question

QUERIES = Path(__file__).parents[3] / "infra" / "analytics" / "queries"
GOOD = "-- Who?\n--\n-- All of them.\n--\n-- a: the first\nSELECT 1 AS a\n"


def test_every_file_is_a_question_of_its_name() -> None:
    assert {path.stem for path in QUERIES.iterdir()} == set(QUESTIONS)


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
