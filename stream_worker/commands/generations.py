"""The command `stream-worker generations`."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import TYPE_CHECKING

import click

from stream_worker.commands.command import reported
from stream_worker.commands.options import AS_JSON, DAY
from stream_worker.commands.wiring import Wiring
from stream_worker.process.terminal import say

if TYPE_CHECKING:
    from datetime import date


@click.command()
@click.option("--day", type=DAY, required=True, help="The UTC day to list.")
@AS_JSON
def generations(day: date, *, as_json: bool) -> None:
    """List the generations that readers of a day can be pointed at. A star marks the one they see now."""
    wiring = Wiring.of_environment()
    with reported():
        kept = wiring.history.of(day)
    if as_json:
        for one in kept:
            click.echo(json.dumps(asdict(one), default=lambda at: f"{at:%FT%TZ}"))
        return
    head = f"{'generation':<18}{'made at (UTC)':<22}{'kept until':<13}{'accepted':>14}{'rejected':>14}"
    say(f"  {head}  {'judgement':<18}from")
    for one in kept:
        made, until = (f"{at:%F %T}" if at else "" for at in (one.made_at, one.until))
        mark = "*" if one.current else " "
        counts = f"{one.accepted:>14,}{one.rejected:>14,}"
        judged = ", ".join(one.judged_by)
        say(f"{mark} {one.generation:<18}{made:<22}{until[:10]:<13}{counts}  {judged:<18}{one.source}")
