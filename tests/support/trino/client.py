"""Asks a Trino over HTTP."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING, Any, Final

import urllib3

if TYPE_CHECKING:
    from collections.abc import Callable

_HEADERS: Final = {
    "X-Trino-User": "tests",
    "X-Trino-Catalog": "hive",
    "X-Trino-Schema": "metrics",
    "X-Trino-Time-Zone": "UTC",
}
_READ: Final[dict[str, Callable[[str], Any]]] = {
    "date": date.fromisoformat,
    "timestamp": datetime.fromisoformat,
    "decimal": int,  # those of the questions are whole: sums of counters
}


class TrinoError(Exception):
    """Trino refuses a statement, or fails; the text is its own."""


@dataclass(frozen=True, slots=True)
class Reply:
    """A statement's rows, of the types that DuckDB gives, and how many rows were read for them."""

    columns: list[str]
    rows: list[tuple[Any, ...]]
    rows_read: int


@dataclass(frozen=True, slots=True)
class Client:
    """Asks the Trino at a URL."""

    url: str

    def is_up(self) -> bool:
        """Say whether it takes statements."""
        try:
            answer = urllib3.request("GET", f"{self.url}/v1/info", retries=False)
        except urllib3.exceptions.HTTPError:
            return False
        return answer.status == 200 and not answer.json()["starting"] and self._has_nodes()

    def _has_nodes(self) -> bool:
        # A started Trino refuses statements until it has found itself as a node.
        try:
            return bool(self.ask("SELECT node_id FROM system.runtime.nodes").rows)
        except TrinoError:
            return False

    def ask(self, sql: str) -> Reply:
        """Run a statement to its end; raises `TrinoError`."""
        answer = urllib3.request("POST", f"{self.url}/v1/statement", body=sql.encode(), headers=_HEADERS)
        page = _page(answer)
        columns: list[dict[str, Any]] = []
        rows: list[list[Any]] = []
        while True:
            columns = page.get("columns", columns)
            rows += page.get("data", [])
            if "nextUri" not in page:
                break
            page = _page(urllib3.request("GET", page["nextUri"], headers=_HEADERS))
        readers = [_READ.get(column["type"].partition("(")[0]) for column in columns]
        return Reply(
            [column["name"] for column in columns],
            [tuple(map(_read, readers, row)) for row in rows],
            page["stats"]["processedRows"],
        )


def _page(answer: urllib3.BaseHTTPResponse) -> Any:  # noqa: ANN401 - JSON
    page = json.loads(answer.data)
    if "error" in page:
        raise TrinoError(page["error"]["message"])
    return page


def _read(reader: Callable[[str], Any] | None, value: Any) -> Any:  # noqa: ANN401 - a value of any column
    return value if reader is None or value is None else reader(value)
