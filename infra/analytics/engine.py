"""DuckDB over a lake: asks the questions that Athena asks, of the same files."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final, Self

import duckdb

from infra.analytics.dialect import to_duckdb
from infra.analytics.location import LocationError
from schemas.tables import TABLES, Kind
from stream_worker.process.scratch import scratch

if TYPE_CHECKING:
    from collections.abc import Iterator

    from infra.analytics.location import Location
    from infra.analytics.question import Question
    from schemas.tables import Table

_LISTED_AT_ONCE: Final = 16  # days; a bucket answers each in some 20 ms
_TYPES: Final = {
    Kind.STRING: "VARCHAR",
    Kind.INTEGER: "BIGINT",
    Kind.TIMESTAMP: "TIMESTAMP",  # without zone, as Athena reads it: UTC
    Kind.DATE: "DATE",
    Kind.BYTES: "BLOB",
}


@dataclass(frozen=True, slots=True)
class Answer:
    """A question with the rows of its answer: days are `date`, times are `datetime` without zone, in UTC."""

    question: Question
    rows: list[tuple[Any, ...]]

    @property
    def columns(self) -> list[str]:
        """The columns' names, in order."""
        return list(self.question.columns)


class Engine:
    """A lake's tables in DuckDB, as the catalog's partitions are when it is entered.

    Beside `reports` and `rejects` there are what Athena has: the tables `"reports$partitions"` and
    `"rejects$partitions"`, and the hidden column `"$path"`. `memory` is the limit of DuckDB's buffers; what
    needs more goes to a folder of its own in the system's temporary folder.
    """

    def __init__(self, location: Location, *, memory: str = "3GB", threads: int | None = None) -> None:
        self._location = location
        self._settings: dict[str, str | int] = {"memory_limit": memory, "TimeZone": "UTC"}
        if threads is not None:
            self._settings["threads"] = threads
        self._stack = ExitStack()

    def __enter__(self) -> Self:
        """Connect and make the tables; raises `LocationError` where the lake cannot be read.

        Raises `SetupError` where no temporary file can be written.
        """
        with ExitStack() as stack:
            spill = stack.enter_context(scratch("metrics-analytics-"))
            connection = stack.enter_context(duckdb.connect())
            for name, value in {**self._settings, "temp_directory": str(spill)}.items():
                connection.execute(f"SET {name} = {_literal(value)}")
            if self._location.filesystem is not None:
                connection.register_filesystem(self._location.filesystem)
            for table in TABLES:
                self._make(connection, table)
            self._connection = connection
            self._stack = stack.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        """Disconnect and remove what was spilled."""
        self._stack.close()

    def ask(self, question: Question) -> Answer:
        """Ask a question; raises `LocationError` where a file of the lake cannot be read."""
        with self._readable():
            found = self._connection.execute(to_duckdb(question.sql))
            columns = [column[0] for column in found.description or []]
            rows = found.fetchall()
        if columns != list(question.columns):
            raise ValueError(
                f"{question.name}: the header must describe the columns {', '.join(columns)}, in this order"
            )
        return Answer(question, [tuple(map(_plain, row)) for row in rows])

    def _make(self, connection: duckdb.DuckDBPyConnection, table: Table) -> None:
        days = self._location.days(table.name)
        for day, prefix in days.items():
            if f"/dt={day}/" not in f"/{prefix}":
                text = f"the partition dt={day} of {table.name} points at {prefix}, which is of another day"
                raise LocationError(f"{text}: audit the day")
        with ThreadPoolExecutor(_LISTED_AT_ONCE) as pool:
            files = [file for found in pool.map(self._location.files, days.values()) for file in found]
        connection.execute(f'CREATE TABLE "{table.name}$partitions" (dt DATE)')
        if days:
            partitions = connection.table(f"{table.name}$partitions")
            for day in days:
                partitions.insert([day])
        with self._readable():
            _make_rows(connection, table, files)

    @contextmanager
    def _readable(self) -> Iterator[None]:
        """Raise `LocationError` for a file that is gone or not Parquet: the day may just have been sealed."""
        try:
            yield
        except (duckdb.IOException, duckdb.InvalidInputException) as error:
            raise LocationError(f"{self._location.name} cannot be read, try again: {error}") from error


def _make_rows(connection: duckdb.DuckDBPyConnection, table: Table, files: list[str]) -> None:
    """Make the table of a lake's files. DuckDB knows the day by a file's name, and leaves other days' out."""
    columns = {column.name: _TYPES[column.kind] for column in table.columns}
    if not files:
        declared = ", ".join(f"{name} {kind}" for name, kind in columns.items())
        connection.execute(f'CREATE TABLE {table.name} ({declared}, dt DATE, "$path" VARCHAR)')
        return
    picked = [f"CAST({name} AS {kind}) AS {name}" for name, kind in columns.items()]
    day = "CAST(regexp_extract(filename, '/dt=([0-9-]{10})/', 1) AS DATE) AS dt"
    rows = connection.read_parquet(files, filename=True)
    rows.project(f'{", ".join(picked)}, {day}, filename AS "$path"').create_view(table.name)


def _literal(value: str | int) -> str:
    return str(value) if isinstance(value, int) else "'" + value.replace("'", "''") + "'"


def _plain(value: Any) -> Any:  # noqa: ANN401 - a value of any column
    """Return whole decimals, which sums of counters are, as integers: exact in JSON too."""
    return int(value) if isinstance(value, Decimal) else value
