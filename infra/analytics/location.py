"""Where a lake is read from: a bucket, as its catalog says, or a folder with a copy of one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date

    from fsspec import AbstractFileSystem


class LocationError(Exception):
    """There is no lake to read where one was looked for; the text says what to do."""


class Location(Protocol):
    """A lake for readers."""

    @property
    def name(self) -> str:
        """What people call it: `s3://bucket`, or the folder's path."""

    @property
    def filesystem(self) -> AbstractFileSystem | None:
        """What DuckDB opens the files with, unless it can do so itself."""

    def days(self, table: str) -> Mapping[date, str]:
        """Return the table's `dt` partitions: each day, and below which prefix of the lake its rows are."""

    def files(self, prefix: str) -> list[str]:
        """Return the URLs or paths of the Parquet files below a prefix; each has the prefix in it."""
