"""Questions in SQL, asked of a lake's files on this machine."""

from __future__ import annotations

from dataclasses import dataclass
from importlib.resources import files
from typing import TYPE_CHECKING, Any, Final

import duckdb

if TYPE_CHECKING:
    from pathlib import Path

NAMES: Final = ("deployments_per_version", "feature_use", "failure_rates")


@dataclass(frozen=True, slots=True)
class Answer:
    """A question's text with the columns and rows of its answer."""

    question: str
    columns: list[str]
    rows: list[tuple[Any, ...]]


def ask(lake: Path) -> list[Answer]:
    """Ask every question of the accepted reports below the folder `lake`."""
    with duckdb.connect() as connection:
        pattern = str(lake / "reports" / "live" / "*" / "*.parquet").replace("'", "''")
        connection.execute(f"CREATE VIEW reports AS FROM read_parquet('{pattern}', hive_partitioning = true)")
        return [_answer(connection, name) for name in NAMES]


def _answer(connection: duckdb.DuckDBPyConnection, name: str) -> Answer:
    text = files("infra.local.questions").joinpath(f"{name}.sql").read_text(encoding="utf-8")
    found = connection.execute(text)
    columns = [column[0] for column in found.description or []]
    return Answer(text.splitlines()[0].removeprefix("-- "), columns, found.fetchall())
