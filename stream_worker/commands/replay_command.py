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

from stream_worker.commands.command import reported, stop_on_signals
from stream_worker.commands.options import AS_JSON, DAY, GRACE
from stream_worker.commands.run_document import run_document
from stream_worker.commands.wiring import Wiring, now
from stream_worker.days.completeness import Completeness
from stream_worker.days.lake_source import LakeSource
from stream_worker.days.replay import Replay
from stream_worker.days.stream_source import StreamSource
from stream_worker.engines.kcl import replay_application as kcl_replay
from stream_worker.engines.kcl.replay_task import ReplayTask
from stream_worker.engines.poll import PollEngine
from stream_worker.lake.committed import read_day
from stream_worker.process.errors import WorkerError
from stream_worker.process.terminal import say
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
        raise click.BadParameter(f"{name!r} is not a name: use letters, digits and hyphens, at most 64")
    return name


@click.command()
@click.option("--from", "first", type=DAY, required=True, help="The first UTC day.")
@click.option("--to", "last", type=DAY, required=True, help="The last UTC day.")
@click.option(
    "--source",
    type=click.Choice(["stream", "lake"]),
    default="stream",
    show_default=True,
    help="Where records come from. lake: accepted rows and rejected bodies, for days that the stream no "
    "longer holds.",
)
@click.option(
    "--engine",
    type=click.Choice(["poll", "kcl"]),
    default="poll",
    show_default=True,
    help="How to read the stream. kcl: for more than one machine can read; run the same command on several.",
)
@click.option("--dry-run", is_flag=True, help="Show what would change for readers, but do not switch them.")
@click.option(
    "--thresholds",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="A file to use instead of stream_worker/judging/fraud_thresholds.toml.",
)
@click.option(
    "--name",
    callback=_as_in_keys,
    help="Letters, digits and hyphens, at most 64. A replay under another name starts again from its first "
    "record.",
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
    """Settle the records of some days again by today's rules and thresholds, and seal the days from that.

    Readers see the old rows until a day's new rows are complete, then the new ones; `rollback` switches back.
    If it is interrupted, run the same command again: it continues where it was. It refuses days that are not
    over, and days that the stream no longer holds whole.
    """
    if last < first:
        raise click.UsageError("--to is before --from")
    if source == "lake" and engine == "kcl":
        raise click.UsageError("--engine kcl reads the stream: it cannot be used with --source lake")
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
    return StreamSource(wiring.stream, wiring.lake, partial(read, wiring, stop), now)


def _on_poll(wiring: Wiring, stop: Stop, span: Span, target: str, move: Move) -> bool:
    def make_processor(shard: Shard) -> Processor:
        return wiring.processor(shard, target, span, Counted(move))

    PollEngine(wiring.stream, make_processor, stop, drain=True, span=span).run()
    return not stop.is_set()


def _on_kcl(wiring: Wiring, stop: Stop, span: Span, target: str, move: Move) -> bool:
    moved = 0

    def whole() -> bool:
        nonlocal moved
        records = sum(sum(read_day(wiring.lake, target, day).outcomes.values()) for day in span.days)
        move(records - moved)
        moved = records
        proof = Completeness(wiring.stream, wiring.lake, span.grace, target)
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
    """Return the shards that the stream lists; None if the stream cannot be reached."""
    stream = wiring.stream
    try:
        shards = stream.shards()
    except WorkerError as error:
        note = (
            "days that were sealed do not need the stream: duplicates across a reshard are found when the"
            " day is sealed"
        )
        log.warning("shards.unknown", error=type(error.__cause__ or error).__name__, note=note)
        return None
    return {(shard.epoch, shard.shard_id): shard for shard in shards}


class Counted:
    """A pulse that moves a progress bar."""

    def __init__(self, move: Move) -> None:
        self._move = move

    def beat(self, _: Uncommitted, received: int = 0) -> None:
        """Move the bar by what was received."""
        self._move(received)

    def stop(self) -> None:
        """Do nothing: other shards continue."""


def _show(replayed: Replayed, *, as_json: bool) -> None:
    manifest, changes = replayed.manifest, replayed.changes
    if as_json:
        listed = None if changes is None else [asdict(change) for change in changes]
        click.echo(
            json.dumps(
                run_document(manifest)
                | {"live_settled_by": replayed.live, "switched": replayed.switched, "changes": listed}
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
