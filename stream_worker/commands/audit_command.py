"""The command `stream-worker audit`."""

from __future__ import annotations

import json
import sys
from datetime import date, timedelta
from typing import TYPE_CHECKING, Final

import click
import structlog

from stream_worker.audit.auditor import Auditor
from stream_worker.audit.receipt import Receipt
from stream_worker.audit.recount import Recount
from stream_worker.audit.trace import Tracer
from stream_worker.commands.command import reported
from stream_worker.commands.options import AS_JSON, DAY, GRACE, shortened
from stream_worker.commands.wiring import Wiring, now
from stream_worker.lake.segment import OUTCOMES
from stream_worker.process.progress import shown
from stream_worker.process.terminal import say
from stream_worker.stream.span import Span

if TYPE_CHECKING:
    from stream_worker.audit.auditor import Audit
    from stream_worker.audit.receipt import Trace

log = structlog.get_logger("audit")

DIFFERENCE: Final = 3
"""The exit status when the audit finds a problem."""


class ReceiptType(click.ParamType[Receipt]):
    """A receipt as the edge answers it."""

    name = "SHARD:NUMBER"

    def convert(
        self, value: str | Receipt, param: click.Parameter | None, ctx: click.Context | None
    ) -> Receipt:
        """Return the receipt; a usage error for anything else."""
        try:
            return value if isinstance(value, Receipt) else Receipt.parse(value)
        except ValueError as error:
            self.fail(f"{shortened(str(value))!r}: {error}", param, ctx)


@click.command()
@click.option("--day", type=DAY, help="The UTC day to audit.")
@click.option("--from", "first", type=DAY, help="The first of several UTC days.")
@click.option("--to", "last", type=DAY, help="The last of several UTC days.")
@click.option("--last", "newest", type=click.IntRange(1, 400), help="Audit the newest N days that are over.")
@click.option("--against-stream", is_flag=True, help="Also count the days' records on the stream again.")
@click.option(
    "--record-id",
    "receipt",
    type=ReceiptType(),
    help="Trace this record_id, as the edge answered it, to its row or rejection. --day limits the search.",
)
@GRACE
@AS_JSON
def audit(  # noqa: PLR0913, PLR0917 - what the command takes
    day: date | None,
    first: date | None,
    last: date | None,
    newest: int | None,
    receipt: Receipt | None,
    grace: float,
    *,
    against_stream: bool,
    as_json: bool,
) -> None:
    """Prove that readers of a day see what was committed, record for record.

    \b
    It checks that
      readers of both tables are pointed at one generation of the day,
      each shard's chain of segments has no gap and no overlap,
      every object has the bytes that were written, and no foreign object is beside them,
      records = accepted + malformed + invalid + fraud + duplicate, as rows and as counts,
      no deployment is accepted twice (in a sealed day; in a live day, on one shard),
      a sealed day's run was made of the chains as they are now,
      with --against-stream: the stream has the same records, as far as it still holds the day.

    Each problem is listed with its shard, position and key, in the order of shards and positions. The audit
    changes nothing, continues after the first problem, and can be run at any time. --json prints one object
    per line: one for each day, or for each record of --record-id.

    Exit status: 0 nothing is wrong, 3 something is wrong, 1 the audit failed, 2 wrong usage or settings.
    """  # noqa: D301 - click's mark for lines that are to stay
    if receipt is not None and (first or last or newest or against_stream):
        raise click.UsageError("--record-id can be combined with --day and --json only")
    days = None if receipt else _days(day, first, last, newest, grace)
    wiring = Wiring.of_environment(grace)
    with reported():
        well = not receipt or _trace(wiring, receipt, day, as_json=as_json)
        if days:
            span = Span(*days, wiring.grace)
            well = _audit(
                wiring, span, against_stream=against_stream, nightly=newest is not None, as_json=as_json
            )
    sys.exit(0 if well else DIFFERENCE)


def _days(
    day: date | None, first: date | None, last: date | None, newest: int | None, grace: float
) -> tuple[date, date]:
    match day, first, last, newest:
        case date(), None, None, None:
            return day, day
        case None, None, None, int():
            over = (now() - timedelta(days=1, seconds=grace)).date()
            return over - timedelta(days=newest - 1), over
        case None, date(), date(), None if first <= last:
            return first, last
        case None, date(), date(), None:
            raise click.UsageError("--to is before --from")
    raise click.UsageError("give --day, or --from and --to, or --last, or --record-id")


def _trace(wiring: Wiring, receipt: Receipt, day: date | None, *, as_json: bool) -> bool:
    traces = Tracer(wiring.publication, now).trace(receipt, day)
    for trace in traces:
        _show_trace(trace, as_json=as_json)
    return all(trace.ok for trace in traces)


def _audit(wiring: Wiring, span: Span, *, against_stream: bool, nightly: bool, as_json: bool) -> bool:
    recount = None
    if against_stream:
        recount = Recount(wiring.stream, wiring.grace, shown)
    auditor = Auditor(wiring.publication, shown, now, recount)
    days = problems = 0
    for day in span.days:
        found = auditor.audit(day)
        days += 1
        problems += len(found.problems)
        if as_json:
            click.echo(json.dumps(found.document()))
        else:
            _show(found)
    if nightly:
        # Not for chosen days: the metric is about the newest days, and one sound day says nothing about them.
        log.info("audit.finished", days=days, audit_problems=problems)
    return not problems


def _show(found: Audit) -> None:
    state = "nothing is wrong" if found.ok else f"{len(found.problems)} wrong"
    say(f"{found.day}  {found.generation or 'no generation'}  {found.records:,} records  {state}")
    say("  " + "  ".join(f"{outcome} {found.outcomes.get(outcome, 0):,}" for outcome in OUTCOMES))
    if found.shards:
        say(f"  {'shard':<24}{'records':>14}  positions from and to")
    for shard in found.shards:
        say(f"  {shard.shard_id:<24}{shard.records:>14,}  {shard.first}")
        say(f"  {'':<38}  {shard.last}")
    for note in found.notes:
        say(f"  note: {note}")
    for problem in found.problems:
        say(f"  wrong: {problem.what}")
        for name, value in (
            ("shard", problem.shard_id),
            ("position", problem.position),
            ("key", problem.key),
        ):
            if value:
                say(f"         {name:<9}{value}")


def _show_trace(trace: Trace, *, as_json: bool) -> None:
    if as_json:
        click.echo(json.dumps(trace.document()))
        return
    say(f"{trace.record_id}  {trace.outcome}")
    for name, value in trace.document().items():
        if value is not None and name not in {"record_id", "found", "outcome"}:
            say(f"  {name:<12}{value}")
