"""An answer for a terminal and for machines."""

from __future__ import annotations

import json
from datetime import datetime
from typing import TYPE_CHECKING

from rich.table import Table

from infra.analytics.cell import cell

if TYPE_CHECKING:
    from rich.console import JustifyMethod

    from infra.analytics.engine import Answer


def as_table(answer: Answer) -> Table:
    """Return the rows as a table for `print_table`: numbers at the right, in groups of thousands.

    The headings are the columns' names in words, so that a long one can be wrapped.
    """
    table = Table(title=answer.question.title, title_justify="left", title_style="")
    columns = list(zip(*answer.rows, strict=True)) or [()] * len(answer.columns)
    for name, values in zip(answer.columns, columns, strict=True):
        justify: JustifyMethod = "right" if any(map(_is_number, values)) else "left"
        table.add_column(name.replace("_", " "), justify=justify, no_wrap=True)
    for row in answer.rows:
        table.add_row(*(cell(_shown(value)) for value in row))
    return table


def as_lines(answer: Answer) -> list[str]:
    """Return each row as a JSON object: days as 2026-11-22, times as 2026-11-22T04:05:06.789Z."""
    return [json.dumps(dict(zip(answer.columns, row, strict=True)), default=_moment) for row in answer.rows]


def _shown(value: object) -> str:
    match value:
        case None:
            return ""
        case bool():
            return "yes" if value else "no"
        case float():
            return f"{value:.4f}"
        case int():
            return f"{value:,}"
        case datetime():
            return f"{value:%F %T}"
    return str(value)


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _moment(value: object) -> str:
    return f"{value.isoformat(timespec='milliseconds')}Z" if isinstance(value, datetime) else str(value)
