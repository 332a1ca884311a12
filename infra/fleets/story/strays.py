"""What arrives beside the honest reports: broken clients', malformed, and single forged or mistyped ones."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Final

from infra.fleets.story.sent import report

if TYPE_CHECKING:
    import random
    from collections.abc import Mapping

BROKEN_RULE: Final = "$"
"""Where a report breaks the schema that has `collected_metrics` for `metrics`: at its root."""

MISTYPED_RULE: Final = "$.version"
"""Where a report breaks the schema whose version is not a semantic one."""

FORGED_NONCES: Final = {
    "00000000-0000-0000-0000-000000000000": "nonce_repeats",
    "11111111-1111-4111-8111-111111111111": "nonce_repeats",
    "deadbeef-dead-beef-dead-beefdeadbeef": "nonce_repeats",
    "01234567-89ab-cdef-0123-456789abcdef": "nonce_steps",
}
"""Nonces that were typed by hand, and the rule that each breaks first."""

_IMPOSSIBLE: Final = 2**53 - 1
_MISTYPED: Final = ("latest", "v2.0.0", "2024.01.1")


def broken(stack_id: str, version: str, metrics: Mapping[str, int]) -> bytes:
    """Return the report of a client that gives the counters another name."""
    return report(stack_id, version, metrics, "collected_metrics")


def malformed(rng: random.Random) -> bytes:
    """Return what another producer puts on the stream: the beginning of a report."""
    whole = report(str(uuid.UUID(int=rng.getrandbits(128), version=4)), "2.0.0", {"tokenizeSuccess": 1})
    return whole[: rng.randrange(1, len(whole))]


def single(rng: random.Random, genuine: Mapping[str, int]) -> tuple[str, bytes, str, str]:
    """Return a forged report that gives itself away, or one with a mistyped version.

    With it come its stack_id, its outcome and the rule that it breaks: stack_id, body, outcome, rule.
    """
    stack_id = str(uuid.UUID(int=rng.getrandbits(128), version=4))
    match rng.randrange(3):
        case 0:
            stack_id = rng.choice(list(FORGED_NONCES))
            return stack_id, report(stack_id, "2.0.0", genuine), "fraud", FORGED_NONCES[stack_id]
        case 1:
            metrics = {**genuine, "tokenizeSuccess": _IMPOSSIBLE}
            return stack_id, report(stack_id, "2.0.0", metrics), "fraud", "counters_impossible"
        case _:
            mistyped = report(stack_id, rng.choice(_MISTYPED), genuine)
            return stack_id, mistyped, "invalid", MISTYPED_RULE
