"""What was really put on the stream, and what is committed of it: the simulation's own book-keeping."""

from __future__ import annotations

import random
import uuid
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Final

import orjson

from schemas.report import COUNTERS
from stream_worker.judging.thresholds import THRESHOLDS

if TYPE_CHECKING:
    from stream_worker.judging.thresholds import Thresholds
    from tests.simulation.stream import Put

STRICT: Final = replace(THRESHOLDS, version=THRESHOLDS.version + 1, calls_a_day_most=1_000)
"""Other thresholds: suspects are frauds by these."""


class Kind(StrEnum):
    """What a body is, by construction."""

    GENUINE = "genuine"
    SUSPECT = "suspect"
    """Genuine by the usual thresholds, a fraud by the strict ones."""
    MADE_UP = "made up"
    """Accepted live; a rule of the whole day rejects it."""
    FORGED = "forged"
    INVALID = "invalid"
    MALFORMED = "malformed"

    def counts(self, thresholds: Thresholds) -> bool:
        """Say whether a report of the kind is accepted in the end, if it is the deployment's first."""
        return self is Kind.GENUINE or (self is Kind.SUSPECT and thresholds is not STRICT)


Place = tuple[str, int]
"""A record's shard and sequence number."""


@dataclass(frozen=True, slots=True)
class Fact:
    """A record that was put."""

    shard_id: str
    put: Put
    kind: Kind
    nonce: str

    @property
    def day(self) -> date:
        """The UTC day of its arrival."""
        return datetime.fromtimestamp(self.put.arrival / 1000, UTC).date()

    @property
    def place(self) -> Place:
        """Its shard and sequence number."""
        return self.shard_id, self.put.number


@dataclass(slots=True)
class Truth:
    """All facts by place; `steps` are the segments by generation and shard: start, last, key."""

    facts: dict[Place, Fact] = field(default_factory=dict)
    steps: dict[tuple[str, str], list[tuple[int, int, str]]] = field(default_factory=dict)
    lost: set[Place] = field(default_factory=set)

    def of_day(self, day: date) -> dict[Place, Fact]:
        """Return the day's facts."""
        return {place: fact for place, fact in self.facts.items() if fact.day == day}

    @staticmethod
    def since(day: date) -> float:
        """Return when a day begins, in seconds since 1970."""
        return datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp()

    def days(self) -> list[date]:
        """Return the days on which records arrived."""
        return sorted({fact.day for fact in self.facts.values()})

    def is_committed(self, place: Place, generation: str = "live") -> bool:
        """Say whether a segment has the record."""
        shard_id, number = place
        return any(start < number <= last for start, last, _ in self.steps.get((generation, shard_id), ()))


def nonce_of(number: int, rng: random.Random) -> str:
    """Return a deployment's nonce, in a random spelling: upper case is valid, too."""
    text = str(uuid.UUID(int=random.Random(f"nonce {number}").getrandbits(128), version=4))
    return text.upper() if rng.random() < 0.1 else text


def body_of(kind: Kind, nonce: str, number: int) -> bytes:
    """Return a body of the kind."""
    if kind is Kind.MALFORMED:
        return b"{" + str(number).encode()
    calls = {Kind.SUSPECT: 5_000, Kind.FORGED: 10**11}.get(kind, number % 7)
    version = {Kind.MADE_UP: "7.7.7", Kind.INVALID: ""}.get(kind, "1.2.3")
    metrics = dict.fromkeys(COUNTERS, 0) | {COUNTERS[0]: calls}
    return orjson.dumps({"version": version, "stack_id": nonce, "metrics": metrics})
