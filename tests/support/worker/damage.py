"""Where damage shows: the problem that an audit names first, and the places of a ledger that it can name."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING

from tests.support.worker.samples import FIRST, SHARD

if TYPE_CHECKING:
    from stream_worker.process.problem import Problem
    from tests.support.worker.ledger import Ledger

ONE = SHARD.shard_id


def first(ledger: Ledger) -> Problem:
    """Return the first problem, having checked that every problem is one for machines too."""
    found = ledger.audit()
    assert not found.ok
    told = found.document()
    assert told["ok"] is False
    assert told["problems"] == [asdict(problem) for problem in found.problems]
    return found.problems[0]


def places(problem: Problem) -> tuple[str | None, str | None]:
    return problem.shard_id, problem.position


def at(row: int) -> str:
    """Return the position of the first shard's record in this place."""
    return str(FIRST + row)


def segments_of(ledger: Ledger) -> list[str]:
    """Return the keys of the first shard's five segments, in the chain's order."""
    keys = [key for key in ledger.held() if ONE in key]
    return [keys[-1], *keys[:-1]]  # `start` comes after all digits
