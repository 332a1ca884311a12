"""The commands that work on whole days: seal, rollback, generations and expire."""

from __future__ import annotations

import json
import math
import sys
from dataclasses import asdict
from datetime import UTC, date
from typing import TYPE_CHECKING, Final

import click
import structlog

from stream_worker.commands.command import reported
from stream_worker.commands.wiring import Wiring, now
from stream_worker.lake.segment import OUTCOMES
from stream_worker.process.errors import RefusedError
from stream_worker.process.terminal import say
from stream_worker.stream.span import GRACE_SECONDS

if TYPE_CHECKING:
    from stream_worker.days.seal import Sealed
    from stream_worker.lake.manifest import Manifest

log = structlog.get_logger("seal")

_MOST_QUOTED: Final = 100


def _a_number(_: click.Context, __: click.Parameter, seconds: float) -> float:
    if math.isnan(seconds):  # which no range excludes
        raise click.BadParameter("a number of seconds is wanted")
    return seconds


AS_JSON = click.option("--json", "as_json", is_flag=True, help="One JSON object a line, for machines.")
GRACE = click.option(
    "--grace",
    type=click.FloatRange(min=0, max=3600),
    callback=_a_number,
    default=GRACE_SECONDS,
    show_default=True,
    help="Seconds after midnight until a day is over; a shard's arrivals may be so far out of order.",
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
    """Return the beginning of an argument, to be quoted in an error."""
    return argument if len(argument) <= _MOST_QUOTED else f"{argument[:_MOST_QUOTED]}…"


@click.command()
@click.option("--day", type=DAY, help="The UTC day to seal.")
@click.option("--all", "every", is_flag=True, help="Every day that is over and not sealed, oldest first.")
@GRACE
@click.option("--despite-gaps", is_flag=True, help="Seal what there is although segments are missing.")
@click.option("--anew", is_flag=True, help="Build a new run though there is one, whose files are damaged.")
@AS_JSON
def seal(  # noqa: PLR0913 - what the command takes
    day: date | None, grace: float, *, every: bool, despite_gaps: bool, anew: bool, as_json: bool
) -> None:
    """Close a day: prove it complete, merge and deduplicate it, screen it as a whole, switch readers.

    The proof reads the stream on from where each shard is committed, closed shards included. It refuses, and
    changes nothing, while a record of the day is not committed. Run it again at any time, or twice at once:
    the result is the same. A day that somebody has rolled back is left out of --all.
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
                _show_sealed(sealed, as_json=as_json)
        if every:
            log.info("seal.finished", unsealed_days=len(wiring.seal.unsealed()))
    sys.exit(refused)


@click.command()
@click.option("--day", type=DAY, required=True)
@click.option("--to", help="A run's id, or live. Default: what readers saw before the last switch.")
@AS_JSON
def rollback(day: date, to: str | None, *, as_json: bool) -> None:
    """Point readers of a day back at what they saw before, or at any generation that is kept."""
    wiring = Wiring.of_environment()
    with reported():
        found = wiring.publication.roll_back(day, now(), to)
        if as_json:
            click.echo(json.dumps({"day": str(day), "generation": found}))
        else:
            say(f"readers of {day} see {found}")


@click.command()
@click.option("--day", type=DAY, required=True)
@AS_JSON
def generations(day: date, *, as_json: bool) -> None:
    """List what readers of a day can be pointed at; the one that they see has a star."""
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


@click.command()
@AS_JSON
def expire(*, as_json: bool) -> None:
    """Remove the runs that readers have not seen for 30 days. The live segments are left alone."""
    wiring = Wiring.of_environment()
    with reported():
        for day in wiring.history.days():
            for run in wiring.history.expire(day, now()):
                if as_json:
                    click.echo(json.dumps({"day": str(day), "run": run}))
                else:
                    say(f"removed run {run} of {day}")


def _show_sealed(sealed: Sealed, *, as_json: bool) -> None:
    manifest = sealed.manifest
    if as_json:
        click.echo(json.dumps(facts(manifest) | {"switched": sealed.switched}))
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


def facts(manifest: Manifest) -> dict[str, object]:
    """Return what machines are told of a run."""
    return {
        "day": str(manifest.day),
        "run": manifest.run,
        "source": manifest.source,
        "made_at": f"{manifest.made_at.astimezone(UTC):%FT%TZ}",
        "records": manifest.records,
        **manifest.outcomes,
        "rejudged": manifest.rejudged,
        "code_version": manifest.code_version,
        "thresholds_version": manifest.thresholds_version,
        "judgement": manifest.judged_by,
        "settled_by": manifest.settled_by,
    }
