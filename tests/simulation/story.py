"""A history for people: the plan, and what happened, the most of it or all."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.simulation.game import Played

_READS: Final = (
    "LIST",
    "HEAD",
    "GET ",
    "BatchGet",
    "GetShard",
    "GetRecords",
    "ListShards",
    "Describe",
    "  info",
)


def lines(played: Played, *, whole: bool) -> Iterator[str]:
    """Yield a history's lines; what only reads is left out, unless the whole is wanted."""
    plan = played.plan
    yield (
        f"seed {plan.seed}: {plan.mode}, {plan.shards} shards, {plan.retention} h kept, segments of"
        f" {plan.flush_records}, faults {plan.faults:g}, ends {plan.ends:g}, comes twice {plan.redelivers:g},"
        f" slow {plan.slowness:g}; then {', '.join(sorted(plan.extras)) or 'nothing more'}"
    )
    yield from (f"  {op}" for op in plan.ops)
    yield "what happened:"
    for at, who, what in played.history:
        if whole or not what.startswith(_READS) or ":" in what[6:]:
            yield f"  {datetime.fromtimestamp(at, UTC):%d %H:%M:%S.%f}"[:-3] + f"  {who:<14} {_short(what)}"
    yield f"seed {plan.seed}: {played.violation or 'everything holds'}"


def _short(what: str) -> str:
    words = what.replace("1700000000.shardId-000000000", "").replace(
        "49590338271490256608559692538361571095921575989136", ".."
    )
    return words.replace("\n", " | ")[:200]
