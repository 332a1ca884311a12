"""What a demonstration leaves: a copy of its lake in a folder, and the report page made of it."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from rich.text import Text

from infra.analytics.cell import cell
from infra.analytics.folder import Folder
from infra.analytics.reporting import write_report
from infra.local.browser import show

if TYPE_CHECKING:
    from pathlib import Path

    from rich.console import Console

    from infra.local.system import Cloud


def download(cloud: Cloud, folder: Path) -> None:
    """Copy every object of a cloud's lake into a folder, with the keys as paths."""
    lake = cloud.lake
    for key in lake.keys(""):
        path = folder / key
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(lake.get(key))


def present(console: Console, folder: Path) -> None:
    """Print where the copy is, write the report page into it, print its path, and open it on a screen."""
    where = Text.assemble("\nThe lake's files are in ", cell(folder, "bold"))
    console.print(where.append(": open them with DuckDB, Polars or pandas."), soft_wrap=True)
    page = folder / "report.html"
    write_report(console, Folder(folder), page)
    show(page.resolve(), os.environ)
