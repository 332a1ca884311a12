"""The command `stream-worker expire`."""

from __future__ import annotations

import json

import click

from stream_worker.commands.command import reported
from stream_worker.commands.options import AS_JSON
from stream_worker.commands.wiring import Wiring, now
from stream_worker.process.terminal import say


@click.command()
@AS_JSON
def expire(*, as_json: bool) -> None:
    """Remove the sealed runs that readers have not seen for 30 days.

    The runs that readers see now and the live segments are kept. Run it again at any time.
    """
    wiring = Wiring.of_environment()
    with reported():
        for day in wiring.history.days():
            for run in wiring.history.expire(day, now()):
                if as_json:
                    click.echo(json.dumps({"day": str(day), "run": run}))
                else:
                    say(f"removed run {run} of {day}")
