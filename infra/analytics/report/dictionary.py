"""The data dictionary, from the one list of columns."""

from __future__ import annotations

from typing import TYPE_CHECKING

from markupsafe import Markup, escape

from schemas.tables import PARTITION_KEY

if TYPE_CHECKING:
    from schemas.tables import Table


def entries(table: Table) -> list[dict[str, str | Markup]]:
    """Return what an analyst needs to know of each column, the `dt` partition's last."""
    return [
        {
            "name": column.name,
            "type": column.kind.word,
            "unit": column.unit,
            "null": "yes" if column.nullable else "no",
            "meaning": marked(column.meaning),
            "example": column.example,
        }
        for column in (*table.columns, PARTITION_KEY)
    ]


def marked(text: str) -> Markup:
    """Return a text as HTML, with code for what is between backquotes."""
    parts = text.split("`")
    return Markup().join(
        Markup("<code>{}</code>").format(part) if place % 2 else escape(part)
        for place, part in enumerate(parts)
    )
