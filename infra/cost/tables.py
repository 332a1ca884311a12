"""The comparison as people and machines read it."""

from __future__ import annotations

import re
from dataclasses import asdict
from typing import TYPE_CHECKING, Any, Final

from rich.table import Table

from infra.cost.price import DAYS, PUBLISHED, REGION

if TYPE_CHECKING:
    from collections.abc import Sequence

    from infra.cost.bill import Bill
    from infra.cost.comparison import Comparison

BEGIN: Final = "<!-- cost -->"
END: Final = "<!-- /cost -->"
"""Between these infra/README.md has what `markdown` returns."""

SOURCE: Final = f"US dollars a month of {DAYS} days, list prices of {REGION} as published in {PUBLISHED}"
_BETWEEN: Final = re.compile(f"{BEGIN}\n(.*?){END}", re.DOTALL)


def in_text(text: str) -> str:
    """Return what is between the two marks in a text; raise `ValueError` if they are not there once."""
    found: list[str] = _BETWEEN.findall(text)
    if len(found) != 1:
        raise ValueError(f"the text has {BEGIN} … {END} {len(found)} times")
    return found[0]


def markdown(compared: Sequence[Comparison], verdicts: Sequence[str]) -> str:
    """Return the parts of our bill and the rivals' totals as infra/README.md has them."""
    ours = [one.bills[0] for one in compared]
    rows = [
        ["reports a day", *(_size(one.reports) for one in compared)],
        ["---", *("---:" for _ in compared)],
        *([part, *(usd(bill.part(part)) for bill in ours)] for part in ours[0].parts),
        ["**this project**", *(f"**{usd(bill.usd)}**" for bill in ours)],
        *(
            [bill.design, *(usd(one.bills[place].usd) for one in compared)]
            for place, bill in enumerate(compared[0].bills)
            if place
        ),
        ["shards; edge tasks; workers", *(_counts(one) for one in compared)],
    ]
    table = "\n".join(f"| {' | '.join(row)} |" for row in rows)
    lines = "\n".join(f"- {verdict}" for verdict in verdicts)
    return f"{SOURCE}:\n\n{table}\n\n{lines}\n"


def lines(compared: Sequence[Comparison], place: int) -> Table:
    """Return one design's bill line by line, for `print_table`: a column for each number of reports a day."""
    first: Bill = compared[0].bills[place]
    table = Table(title=first.design, title_justify="left")
    for name in ("part", "line", "unit"):
        table.add_column(name)
    for one in compared:
        table.add_column(_size(one.reports), justify="right", no_wrap=True)
    last = ""
    for row, entry in enumerate(first.lines):
        values = [usd(one.bills[place].lines[row].usd) for one in compared]
        table.add_row("" if entry.part == last else entry.part, entry.what, entry.price.unit, *values)
        last = entry.part
    table.add_section()
    table.add_row("all", "", "", *(usd(one.bills[place].usd) for one in compared), style="bold")
    return table


def document(compared: Sequence[Comparison], verdicts: Sequence[str]) -> dict[str, Any]:
    """Return everything for machines."""
    sizes = [
        {
            "reports": one.reports,
            "deployment": one.deployment.model_dump(mode="json"),
            "cheapest": one.cheapest.design,
            "designs": [_design(bill) for bill in one.bills],
        }
        for one in compared
    ]
    prices = {"region": REGION, "published": PUBLISHED, "days": DAYS}
    return {"prices": prices, "sizes": sizes, "verdicts": list(verdicts)}


def _size(reports: int) -> str:
    """Return a number of reports: 10^6, or 3,000,000."""
    power = len(str(reports)) - 1
    return f"10^{power}" if reports == 10**power else f"{reports:,}"


def usd(amount: float) -> str:
    """Return an amount: with cents below ten dollars."""
    return f"{amount:.2f}" if amount < 10 else f"{amount:,.0f}"  # noqa: PLR2004 - as said


def _design(bill: Bill) -> dict[str, Any]:
    entries = [
        {"part": entry.part, "what": entry.what, "units": entry.units, "usd": round(entry.usd, 4)}
        | {name: value for name, value in asdict(entry.price).items() if name in {"unit", "source"}}
        for entry in bill.lines
    ]
    return {"design": bill.design, "usd": round(bill.usd, 2), "lines": entries}


def _counts(one: Comparison) -> str:
    return f"{one.deployment.shards}; {one.deployment.edge_tasks}; {one.deployment.worker_tasks}"
