"""The questions in Trino, of which Athena is made: as they stand, with DuckDB's rows, of no day too many."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from infra.analytics.engine import Engine
from infra.analytics.folder import Folder
from infra.analytics.public.publication import WEEKS
from infra.analytics.questions import QUESTIONS
from tests.support.trino.lake import NEWEST, OLD_ROWS, write_lake
from tests.support.trino.server import start_trino

if TYPE_CHECKING:
    from pathlib import Path


# One test: a second would start a second Trino in the other worker of pytest-xdist.
def test_trino_answers_every_question_as_duckdb_does_and_reads_no_old_day(tmp_path: Path) -> None:
    (root := tmp_path / "lake").mkdir()
    write_lake(root)
    lake = Folder(root)
    with start_trino(lake, tmp_path / "trino") as trino, Engine(lake) as duckdb:
        everything = trino.ask("SELECT count(DISTINCT stack_id), max(dt) FROM reports")
        assert everything.rows_read >= OLD_ROWS  # what is said of the questions below can be seen
        assert everything.rows[0][1] == NEWEST
        for name, question in {**QUESTIONS, WEEKS.name: WEEKS}.items():
            reply, answer = trino.ask(question.sql), duckdb.ask(question)
            assert reply.columns == answer.columns, name
            assert answer.rows, name
            assert len(reply.rows) == len(answer.rows), name
            for row, expected in zip(reply.rows, answer.rows, strict=True):
                assert all(map(_same, row, expected)), f"{name}: Trino says {row}, DuckDB {expected}"
            assert reply.rows_read < OLD_ROWS, f"{name} reads the old day"


def _same(value: Any, expected: Any) -> bool:  # noqa: ANN401 - a value of any column
    if isinstance(value, float) and isinstance(expected, float):
        return math.isclose(value, expected, rel_tol=1e-9, abs_tol=1e-12)
    return type(value) is type(expected) and value == expected
