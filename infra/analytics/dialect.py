"""From Athena's SQL to DuckDB's."""

from __future__ import annotations

import sqlglot


def to_duckdb(sql: str) -> str:
    """Translate one statement from Trino's dialect.

    Raises `sqlglot.errors.SqlglotError` where it is no Trino, or says what DuckDB cannot.
    """
    (statement,) = sqlglot.transpile(
        sql, read="trino", write="duckdb", comments=False, unsupported_level=sqlglot.ErrorLevel.RAISE
    )
    return statement
