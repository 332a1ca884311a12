"""Makes a failing plan small: leaves out what its violation does not need."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from tests.simulation.game import play

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.simulation.game import Played
    from tests.simulation.plan import Op, Plan


def shrink(failed: Played, tries: int = 400) -> Played:
    """Return the smallest history found that breaks the same invariant."""
    best = failed
    left = [tries]

    def better(plan: Plan) -> bool:
        nonlocal best
        if left[0] <= 0:
            return False
        left[0] -= 1
        played = play(plan)
        if _same(played, failed):
            best = played
            return True
        return False

    for calmer in _calmer(best.plan):
        better(replace(best.plan, **calmer))
    size = len(best.plan.ops) // 2
    while size and left[0]:
        start = 0
        while start < len(best.plan.ops) and left[0]:
            ops = best.plan.ops
            if not better(best.plan.with_ops(ops[:start] + ops[start + size :])):
                start += size
        size //= 2
    _fewer_records(lambda: best.plan, better)
    for calmer in _calmer(best.plan):
        better(replace(best.plan, **calmer))
    return best


def _same(one: Played, other: Played) -> bool:
    if one.violation is None or other.violation is None:
        return False
    return one.violation.invariant == other.violation.invariant


def _calmer(plan: Plan) -> Iterator[dict[str, Any]]:
    yield {"faults": 0.0, "ends": 0.0}
    yield {"faults": 0.0}
    yield {"ends": 0.0}
    yield {"redelivers": 0.0}
    yield {"extras": frozenset()}
    for extra in sorted(plan.extras):
        yield {"extras": plan.extras - {extra}}
    yield {"slowness": 0.1}
    yield {"heals_slowly": False}
    yield {"shards": 1}


def _fewer_records(plan: Any, better: Any) -> None:  # noqa: ANN401 - closures of shrink
    for number in [op.number for op in plan().ops if op.what == "put"]:
        place = 0
        while True:
            op = next((one for one in plan().ops if one.number == number), None)
            if op is None or place >= len(op.args[0]) or len(op.args[0]) == 1:
                break
            records = op.args[0][:place] + op.args[0][place + 1 :]
            if not better(plan().with_ops(tuple(_with(one, number, records) for one in plan().ops))):
                place += 1


def _with(op: Op, number: int, records: tuple[Any, ...]) -> Op:
    return replace(op, args=(records,)) if op.number == number else op
