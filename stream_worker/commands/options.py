"""Options and argument types that several commands share."""

from __future__ import annotations

import math
from datetime import date
from typing import Final

import click

from stream_worker.stream.span import GRACE_SECONDS

_MOST_QUOTED: Final = 100


def _a_number(_: click.Context, __: click.Parameter, seconds: float) -> float:
    if math.isnan(seconds):  # which no range excludes
        raise click.BadParameter("nan is not a number of seconds")
    return seconds


AS_JSON = click.option("--json", "as_json", is_flag=True, help="Print one JSON object per line, for scripts.")
GRACE = click.option(
    "--grace",
    type=click.FloatRange(min=0, max=3600),
    callback=_a_number,
    default=GRACE_SECONDS,
    show_default=True,
    help="Seconds after midnight UTC until a day is over. Arrival times in one shard may be out of order by "
    "this much.",
)


class DayType(click.ParamType[date]):
    """A UTC day as 2026-11-22."""

    name = "YYYY-MM-DD"

    def convert(self, value: str | date, param: click.Parameter | None, ctx: click.Context | None) -> date:
        """Return the day; a usage error for anything else."""
        try:
            return value if isinstance(value, date) else date.fromisoformat(value.strip())
        except ValueError:
            self.fail(f"{shortened(str(value))!r} is not a day: give it as 2026-11-22", param, ctx)


DAY = DayType()


def shortened(argument: str) -> str:
    """Return the beginning of an argument, to quote in an error."""
    return argument if len(argument) <= _MOST_QUOTED else f"{argument[:_MOST_QUOTED]}…"
