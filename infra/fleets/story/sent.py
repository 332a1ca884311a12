"""What is sent on a day of the story, and what must become of it."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import orjson

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date, datetime

ACCEPTED: Final = "accepted"
"""The outcome of a report that counts; the others are the reasons of rejects."""


@dataclass(frozen=True, slots=True)
class Sent:
    """One record. `arrives` (UTC) is when it is meant to: the lake has it in the same hour.

    `outcome` is `accepted` or the reason of its reject, `rule` is what `rejects` has beside it.
    """

    arrives: datetime
    partition_key: str
    body: bytes
    outcome: str = ACCEPTED
    rule: str | None = None


@dataclass(frozen=True, slots=True)
class StoryDay:
    """A UTC day: what is sent, in the order in which it arrives. A silent day has nothing."""

    day: date
    sent: list[Sent]

    @property
    def outcomes(self) -> Counter[str]:
        """How many records have which outcome."""
        return Counter(one.outcome for one in self.sent)

    @property
    def rejects(self) -> Counter[tuple[str, str | None]]:
        """How many records are rejected for which reason and by which rule."""
        return Counter((one.outcome, one.rule) for one in self.sent if one.outcome != ACCEPTED)


def report(stack_id: str, version: str, metrics: Mapping[str, int], counters: str = "metrics") -> bytes:
    """Return a report as a deployment sends it; a broken client has another name for the counters."""
    body = orjson.dumps({"version": version, "stack_id": stack_id, counters: metrics})
    return bytes(memoryview(body))  # a copy: orjson's own bytes take up 4 KB each, and a story keeps them
