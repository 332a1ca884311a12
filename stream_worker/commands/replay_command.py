"""The command `stream-worker replay`."""

from __future__ import annotations

import json
import os
import re
from dataclasses import asdict
from datetime import date, timedelta
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import click
import structlog
from botocore.exceptions import BotoCoreError, ClientError

from stream_worker.commands.command import reported, stop_on_signals
from stream_worker.commands.day_commands import AS_JSON, DAY, GRACE, facts
from stream_worker.commands.wiring import Wiring, now
from stream_worker.days.completeness import Completeness
from stream_worker.days.lake_source import LakeSource
from stream_worker.days.replay import Replay
from stream_worker.days.stream_source import StreamSource
from stream_worker.engines.kcl import replay_application as kcl_replay
from stream_worker.engines.kcl.replay_task import ReplayTask
from stream_worker.engines.poll import PollEngine
from stream_worker.lake.committed import read_day
from stream_worker.process.terminal import say
from stream_worker.stream.shards import list_shards
from stream_worker.stream.span import Span

if TYPE_CHECKING:
    from stream_worker.days.replay import Replayed
    from stream_worker.lake.keys import Owner
    from stream_worker.process.progress import Move
    from stream_worker.process.stop import Stop
    from stream_worker.shard_life.processor import Processor
    from stream_worker.shard_life.pulse import Uncommitted
    from stream_worker.stream.shard import Shard

log = structlog.get_logger("replay")


def _as_in_keys(_: click.Context, __: click.Parameter, name: str | None) -> str | None:
    if name is not None and not re.fullmatch(r"[A-Za-z0-9-]{1,64}", name):
        raise click.BadParameter(f"{name!r}: letters, digits and hyphens are wanted, 64 at most")
    return name


@click.command()
@click.option("--from", "first", type=DAY, required=True, help="The first UTC day.")
@click.option("--to", "last", type=DAY, required=True, help="The last UTC day.")
@click.option(
    "--source",
    type=click.Choice(["stream", "lake"]),
    default="stream",
    show_default=True,
    help="Where records come from. lake: its rows and rejected bodies, for what the stream has forgotten.",
)
@click.option(
    "--engine",
    type=click.Choice(["poll", "kcl"]),
    default="poll",
    show_default=True,
    help="What reads the stream. kcl: for what outgrows one machine; run the same command on several.",
)
@click.option(
    "--dry-run", is_flag=True, help="Show what would change for readers, and leave them as they are."
)
@click.option(
    "--thresholds",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="A file to judge by in place of stream_worker/judging/fraud_thresholds.toml.",
)
@click.option(
    "--name",
    callback=_as_in_keys,
    help="Letters, digits and hyphens: a replay of another name settles its records anew.",
)
@GRACE
@AS_JSON
def replay(  # noqa: PLR0913, PLR0917 - what the command takes
    first: date,
    last: date,
    source: str,
    engine: str,
    thresholds: Path | None,
    name: str | None,
    grace: float,
    *,
    dry_run: bool,
    as_json: bool,
) -> None:
    """Settle the records of some days again by the judgement of today, and seal the days from that.

    Readers see the old rows until a day's new ones are complete, then the new ones; `rollback` is the way
    back. Cut off, it goes on where it was when it is run again. It refuses days that are not over, and days
    that the stream no longer holds whole.
    """
    if last < first:
        raise click.UsageError("--to is before --from")
    if source == "lake" and engine == "kcl":
        raise click.UsageError("--engine kcl reads the stream: leave it out with --source lake")
    stop = stop_on_signals()
    wiring = Wiring.of_environment(grace, thresholds, stop)
    span = Span(first, last, timedelta(seconds=grace))
    with reported():
        records_from = _lake(wiring, stop) if source == "lake" else _stream(wiring, stop, engine)
        replay_ = Replay(wiring.lake, wiring.publication, wiring.runs, records_from, now)
        for replayed in replay_.replay(span, dry_run=dry_run, name=name):
            _show(replayed, as_json=as_json)


def _stream(wiring: Wiring, stop: Stop, engine: str) -> StreamSource:
    read = _on_kcl if engine == "kcl" else _on_poll
    return StreamSource(wiring.kinesis, wiring.settings.stream, wiring.lake, partial(read, wiring, stop), now)


def _on_poll(wiring: Wiring, stop: Stop, span: Span, target: str, move: Move) -> bool:
    def make_processor(shard: Shard) -> Processor:
        return wiring.processor(shard, target, span, Counted(move))

    stream = wiring.settings.stream
    PollEngine(wiring.kinesis, stream, make_processor, stop, drain=True, span=span).run()
    return not stop.is_set()


def _on_kcl(wiring: Wiring, stop: Stop, span: Span, target: str, move: Move) -> bool:
    moved = 0

    def whole() -> bool:
        nonlocal moved
        records = sum(sum(read_day(wiring.lake, target, day).outcomes.values()) for day in span.days)
        move(records - moved)
        moved = records
        proof = Completeness(wiring.kinesis, wiring.settings.stream, wiring.lake, span.grace, target)
        return all(shard.lag is None for day in span.days for shard in proof.prove(day))

    return kcl_replay.run(
        wiring.settings, os.environ, stop, ReplayTask(target, span, wiring.judgement.thresholds), whole
    )


def _lake(wiring: Wiring, stop: Stop) -> LakeSource:
    def make_processor(shard: Shard, target: str, span: Span, move: Move) -> Processor:
        return wiring.processor(shard, target, span, Counted(move))

    shards = _listed(wiring)
    proofs = None if shards is None else wiring.seal.completeness.prove
    return LakeSource(wiring.lake, wiring.publication, shards or {}, make_processor, stop, proofs=proofs)


def _listed(wiring: Wiring) -> dict[Owner, Shard] | None:
    """Return the shards that the stream lists; None if it cannot be asked."""
    try:
        shards = list_shards(wiring.kinesis, wiring.settings.stream)
    except (BotoCoreError, ClientError) as error:
        note = (
            "the stream is not needed for days that were sealed: what was reported again after a reshard is"
            " found as the day is sealed"
        )
        log.warning("shards.unknown", error=type(error).__name__, note=note)
        return None
    return {(shard.epoch, shard.shard_id): shard for shard in shards}


class Counted:
    """A pulse that moves a progress bar."""

    def __init__(self, move: Move) -> None:
        self._move = move

    def beat(self, _: Uncommitted, received: int = 0) -> None:
        """Count what was received."""
        self._move(received)

    def stop(self) -> None:
        """Nothing: other shards go on."""


def _show(replayed: Replayed, *, as_json: bool) -> None:
    manifest, changes = replayed.manifest, replayed.changes
    if as_json:
        told = None if changes is None else [asdict(change) for change in changes]
        click.echo(
            json.dumps(
                facts(manifest)
                | {"live_settled_by": replayed.live, "switched": replayed.switched, "changes": told}
            )
        )
        return
    state = "readers see it" if replayed.switched else "readers were not switched"
    say(f"{manifest.day} is replayed as run {manifest.run}: {manifest.records:,} records; {state}")
    others = sorted({*replayed.live} - {manifest.judged_by})
    if others:
        say(f"  it was settled live by judgement {', '.join(others)}, and now by {manifest.judged_by}")
    if changes is None:
        say("  what readers saw before is damaged, or its rejects have expired: it was not compared")
    elif not changes:
        say("  no record has another outcome than before")
    for change in changes or ():
        say(f"  {change.records:>12,}  {change.before} -> {change.after}")
