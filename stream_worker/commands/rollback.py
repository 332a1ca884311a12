"""The command `stream-worker rollback`."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import click

from stream_worker.commands.command import reported
from stream_worker.commands.options import AS_JSON, DAY
from stream_worker.commands.wiring import Wiring, now
from stream_worker.process.terminal import say

if TYPE_CHECKING:
    from datetime import date


@click.command()
@click.option("--day", type=DAY, required=True, help="The UTC day to roll back.")
@click.option("--to", help="A run's id, or live. Default: what readers saw before the last switch.")
@AS_JSON
def rollback(day: date, to: str | None, *, as_json: bool) -> None:
    """Point readers of a day back at what they saw before, or at any generation that is still kept.

    Nothing is deleted. `stream-worker generations` lists what a day can be pointed at.
    """
    wiring = Wiring.of_environment()
    with reported():
        found = wiring.publication.roll_back(day, now(), to)
        if as_json:
            click.echo(json.dumps({"day": str(day), "generation": found}))
        else:
            say(f"readers of {day} see {found}")
