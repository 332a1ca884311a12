"""Prints a table so that no number and no name in it is broken, however narrow the terminal."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from rich import box
from rich.measure import Measurement

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.console import Console, RenderableType
    from rich.table import Column, Table

_ANY_WIDTH: Final = 1_000_000


@dataclass(frozen=True, slots=True)
class _Frame:
    """What is around the cells: with borders, or with a gap between the columns alone."""

    box: box.Box
    gap: int
    edge: bool

    def width(self, columns: int) -> int:
        """Return how many characters a row has beside its cells."""
        return columns * self.gap + (columns + 1 if self.edge else columns - 1)

    def put(self, table: Table) -> None:
        table.box, table.show_edge, table.pad_edge = self.box, self.edge, self.edge
        table.padding = (0, 1, 0, 1) if self.edge else (0, self.gap, 0, 0)


_FRAMES: Final = (
    _Frame(box.HEAVY_HEAD, 2, edge=True),
    _Frame(box.SIMPLE_HEAD, 1, edge=False),
    _Frame(box.SIMPLE_HEAD, 0, edge=False),
)
"""The first that fits is taken; if none does, the last, and the rows are wider than the terminal."""


def print_table(console: Console, table: Table) -> None:
    """Print a table: on a terminal within its width if possible, elsewhere with each row on one line.

    A column that is `no_wrap` keeps each of its cells on one line; the others, and all headings, are wrapped
    between words.
    """
    room = console.width if console.is_terminal else _ANY_WIDTH
    spans = [_span(console, column) for column in table.columns]
    least = sum(span.minimum for span in spans)
    frame = next((one for one in _FRAMES if least + one.width(len(spans)) <= room), _FRAMES[-1])
    frame.put(table)
    widths = _widths(spans, room - frame.width(len(spans)))
    for column, width in zip(table.columns, widths, strict=True):
        column.width, column.no_wrap, column.overflow = width, False, "fold"
    table.width = sum(widths) + frame.width(len(spans))
    console.print(table, crop=False)


def _span(console: Console, column: Column) -> Measurement:
    """Return the least width that breaks nothing, and the width that wraps nothing."""
    cells, heading = [_measured(console, cell) for cell in column.cells], _measured(console, column.header)
    whole = max([heading.maximum, *(cell.maximum for cell in cells)])
    kept = [cell.maximum if column.no_wrap else cell.minimum for cell in cells]
    return Measurement(max([heading.minimum, *kept]), whole)


def _measured(console: Console, cell: RenderableType) -> Measurement:
    return Measurement.get(console, console.options.update(max_width=_ANY_WIDTH), cell)


def _widths(spans: Sequence[Measurement], room: int) -> list[int]:
    """Share the room: first to each column what it must have, then to those that lack the least."""
    widths = [span.minimum for span in spans]
    left = room - sum(widths)
    for place in sorted(range(len(spans)), key=lambda place: spans[place].span):
        more = max(0, min(left, spans[place].span))
        widths[place] += more
        left -= more
    return widths
