"""Tables on a terminal of 80 columns, and piped: no number and no name is broken or cut."""

from __future__ import annotations

import os
import pty
import re
import struct
import subprocess
import sys
import termios
from fcntl import ioctl
from io import StringIO
from typing import TYPE_CHECKING

import pytest
from rich.console import Console
from rich.table import Table

from infra.analytics.answer_table import as_table
from infra.analytics.engine import Answer
from infra.analytics.features import FEATURES
from infra.analytics.questions import QUESTIONS
from infra.analytics.terminal_table import print_table
from infra.cost import tables
from infra.cost.comparison import SIZES, compare
from infra.deployment.choices import read
from infra.local.system import clean_environment
from tests.benchmarks import table as benchmarks
from tests.benchmarks.figure import Figure, Result, at_least

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

VERSIONS = ("1.9.1", "2.0.0-rc.1")
RATES = [
    (version, feature, 2_184, 6_275_536, 18_814, 0.1499, 0.1479, 0.1519)
    for version in VERSIONS
    for feature in FEATURES
]
WORD = re.compile(r"[\w.,^-]*\w")


def printed(table: Table, *, terminal: bool, width: int = 80) -> list[str]:
    file = StringIO()
    print_table(Console(file=file, force_terminal=terminal, no_color=True, width=width), table)
    return plain_lines(file.getvalue())


def plain_lines(text: str) -> list[str]:
    """Return the lines without the codes of colours and weights."""
    return re.sub(r"\x1b\[[\d;]*m", "", text).splitlines()


def lacking(lines: Iterable[str], values: Iterable[str]) -> list[str]:
    """Return the values that no line has in one piece."""
    words = {word for line in lines for word in WORD.findall(line)}
    return [word for value in values for word in WORD.findall(value) if word not in words]


def contents(table: Table) -> list[str]:
    cells = [str(cell) for column in table.columns for cell in (column.header, *column.cells)]
    return [re.sub(r"\[/?[a-z]+\]", "", cell) for cell in cells]


def rates() -> Table:
    return as_table(Answer(QUESTIONS["failure_rates"], RATES))


def bill() -> Table:
    return tables.lines([compare(size, read({})) for size in SIZES], 0)


@pytest.mark.parametrize("table", [rates, bill])
@pytest.mark.parametrize("terminal", [True, False], ids=["terminal", "piped"])
def test_no_number_and_no_name_is_broken(table: Callable[[], Table], *, terminal: bool) -> None:
    expected = contents(table())
    assert len(expected) > 30
    lines = printed(table(), terminal=terminal)
    assert lacking(lines, expected) == []
    assert not any("…" in line for line in lines)
    if terminal:
        assert max(len(line.rstrip()) for line in lines) <= 80


@pytest.mark.parametrize("table", [rates, bill])
def test_a_piped_table_has_each_row_on_one_line(table: Callable[[], Table]) -> None:
    lines = [line for line in printed(table(), terminal=False) if "│" in line]
    assert len(lines) == table().row_count


@pytest.mark.parametrize("terminal", [True, False], ids=["terminal", "piped"])
def test_no_figure_of_the_benchmarks_is_broken(*, terminal: bool) -> None:
    name = "reports a second that the whole edge takes from 64 connections, beside the rival's"
    result = Result([Figure(name, "reports/s", [12_000.0, 12_500.0], at_least(1000))], ["a note"])
    file = StringIO()
    benchmarks.show([result], Console(file=file, force_terminal=terminal, no_color=True, width=80))
    expected = [name, "12,250 reports/s", "12,000 - 12,500", "1,000"]
    assert lacking(plain_lines(file.getvalue()), expected) == []
    assert "12,000 - 12,500" in file.getvalue()


def test_text_is_wrapped_between_words_and_a_narrow_table_keeps_its_borders() -> None:
    table = Table("name", "text")
    table.columns[0].no_wrap = True
    table.add_row("a name in one piece", "words that are wrapped where one of them ends " * 3)
    lines = printed(table, terminal=True)
    assert max(map(len, lines)) <= 80
    assert any("a name in one piece" in line for line in lines)
    assert any("│" in line for line in lines)
    assert lacking(lines, ["words that are wrapped where one of them ends"]) == []


def test_what_fits_in_no_way_is_wider_than_the_terminal_and_whole() -> None:
    lines = printed(rates(), terminal=True, width=40)
    assert lacking(lines, contents(rates())) == []


def test_a_command_fits_its_table_to_the_terminal_it_writes_to() -> None:
    program = (
        "from rich.console import Console; from tests.infra.analytics.test_terminal_table import rates;"
        "from infra.analytics.terminal_table import print_table; print_table(Console(), rates())"
    )
    ours, theirs = pty.openpty()
    ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
    environment = clean_environment() | {"TERM": "xterm"}
    with subprocess.Popen([sys.executable, "-c", program], stdout=theirs, env=environment) as process:
        os.close(theirs)
        shown = b""
        try:
            while piece := os.read(ours, 65536):
                shown += piece
        except OSError:  # Linux: the other end is closed
            pass
        assert process.wait(60) == 0
    os.close(ours)
    lines = plain_lines(shown.decode())
    assert lacking(lines, contents(rates())) == []
    assert max(len(line.rstrip()) for line in lines) <= 80
