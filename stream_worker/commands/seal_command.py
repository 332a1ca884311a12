"""The command `stream-worker seal`."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING

import click
import structlog

from stream_worker.commands.command import reported
from stream_worker.commands.options import AS_JSON, DAY, GRACE
from stream_worker.commands.run_document import run_document
from stream_worker.commands.wiring import Wiring
from stream_worker.lake.segment import OUTCOMES
from stream_worker.process.errors import RefusedError
from stream_worker.process.terminal import say

if TYPE_CHECKING:
    from datetime import date

    from stream_worker.days.seal import Sealed

log = structlog.get_logger("seal")


@click.command()
@click.option("--day", type=DAY, help="The UTC day to seal.")
@click.option(
    "--all", "every", is_flag=True, help="Seal every day that is over and not sealed, oldest first."
)
@GRACE
@click.option("--despite-gaps", is_flag=True, help="Seal what is committed although segments are missing.")
@click.option(
    "--anew", is_flag=True, help="Build a new run although one exists: for a run with damaged files."
)
@AS_JSON
def seal(  # noqa: PLR0913 - what the command takes
    day: date | None, grace: float, *, every: bool, despite_gaps: bool, anew: bool, as_json: bool
) -> None:
    """Close a day: prove it complete, merge and deduplicate it, screen it as a whole, switch readers.

    The proof reads the stream on from where each shard is committed, closed shards included. If a record of
    the day is not committed yet, the command refuses and changes nothing. Run it again at any time, or twice
    at once: the result is the same. --all leaves out a day that was rolled back.
    """
    if (day is None) is not every:
        raise click.UsageError("give --day or --all")
    wiring = Wiring.of_environment(grace)
    refused = False
    with reported():
        for one in wiring.seal.unsealed() if day is None else [day]:
            try:
                sealed = wiring.seal.seal(one, despite_gaps=despite_gaps, anew=anew)
            except RefusedError as error:
                log.error("seal.refused", day=str(one), detail=str(error))  # noqa: TRY400 - says what to do
                refused = True
            else:
                _show(sealed, as_json=as_json)
        if every:
            log.info("seal.finished", unsealed_days=len(wiring.seal.unsealed()))
    sys.exit(refused)


def _show(sealed: Sealed, *, as_json: bool) -> None:
    manifest = sealed.manifest
    if as_json:
        click.echo(json.dumps(run_document(manifest) | {"switched": sealed.switched}))
        return
    say(f"{manifest.day} is sealed as run {manifest.run}" + ("" if sealed.switched else ", as it was"))
    for outcome in OUTCOMES:
        before, after = manifest.committed[outcome], manifest.outcomes[outcome]
        change = f"  ({after - before:+,} at seal)" if after != before else ""
        say(f"  {outcome:<10}{after:>14,}{change}")
    for rule, records in manifest.rejudged.items():
        say(f"  {records:,} accepted reports became rejects: {rule}")
    others = sorted({*manifest.settled_by} - {manifest.judged_by})
    if others:
        settled = ", ".join(others)
        say(f"  its records were settled by judgement {settled}, and the day by {manifest.judged_by}")
        say("  rules for a single report have not been applied again: `replay` does that")
