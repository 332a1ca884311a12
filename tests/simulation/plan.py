"""From a seed to a plan: what is put, who works, what goes wrong and which commands run.

Three coincidences are rare by chance. So most of what happens is gathered around few moments: midnights, the
end of a day's grace, and the moments at which the stream forgets what was put before.
"""

from __future__ import annotations

import random
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from typing import Any, Final

from tests.simulation.truth import Kind

DAY: Final = 86_400.0
BASE: Final = datetime(2026, 11, 20, tzinfo=UTC).timestamp()
"""The first midnight."""

_KINDS: Final = (
    (Kind.GENUINE, 12),
    (Kind.SUSPECT, 2),
    (Kind.MADE_UP, 1),
    (Kind.FORGED, 2),
    (Kind.INVALID, 1),
    (Kind.MALFORMED, 1),
)
_JITTER: Final = (0, 0, 0, -5, -900, -6_000, 700, 4_000)
"""How far an arrival is off (ms): Kinesis calls it approximate."""


@dataclass(frozen=True, slots=True)
class Op:
    """Something that happens at a moment (seconds since 1970); the number names its process."""

    number: int
    at: float
    what: str
    args: tuple[Any, ...] = ()
    crash_at: int = 0
    skew: float = 0.0

    def __str__(self) -> str:
        """Return it as a line of a plan."""
        when = datetime.fromtimestamp(self.at, UTC)
        cut = f", cut off at its effect {self.crash_at}" if self.crash_at else ""
        args = " ".join(map(str, self.args)) if self.what != "put" else _told(self.args)
        return f"{when:%d %H:%M:%S.%f}"[:15] + f"  {self.what} {args}{cut}"


@dataclass(frozen=True, slots=True)
class Plan:
    """A history before it is played. `faults` and `ends` are how likely requests fail and processes end.

    `page` is how many records Kinesis gives at a time.
    """

    seed: str
    start: float
    mode: str
    shards: int
    retention: int
    flush_records: int
    faults: float
    ends: float
    redelivers: float
    slowness: float
    page: int
    heals_slowly: bool
    extras: frozenset[str]
    ops: tuple[Op, ...]

    def with_ops(self, ops: tuple[Op, ...]) -> Plan:
        """Return the plan with other ops."""
        return replace(self, ops=ops)


@dataclass(slots=True)
class _Draft:
    rng: random.Random
    retention: int
    deployments: int
    ops: list[Op] = field(default_factory=list)
    scenes: list[float] = field(default_factory=list)

    def add(self, at: float, what: str, *args: Any, crash: float = 0.0, skew: float = 0.0) -> None:  # noqa: ANN401 - by kind
        crash_at = self.rng.randint(1, self.rng.choice((10, 40, 120))) if self.rng.random() < crash else 0
        self.ops.append(Op(len(self.ops), at, what, args, crash_at, skew))

    def moments(self, midnights: int) -> None:
        """Choose the moments that everything gathers around."""
        rng = self.rng
        hot = [BASE + number * DAY for number in range(1, midnights + 1)]
        self.scenes = sorted(hot[: rng.randint(1, midnights)] if rng.random() < 0.5 else hot)
        if rng.random() < 0.4:
            self.scenes.append(rng.choice(hot) + rng.uniform(0.1, 0.9) * DAY)
        if rng.random() < 0.5:
            self.scenes.append(rng.choice(self.scenes) + self.retention * 3600 + rng.uniform(-60, 60))
        self.scenes.sort()

    def traffic(self, moment: float) -> None:
        """Let records come around a moment; the nearer, the more."""
        rng = self.rng
        for _ in range(rng.randint(2, 5)):
            at = moment + rng.choice((-1, 1)) * rng.random() ** 3 * rng.choice((3, 90, 1_800))
            records = tuple(self._record() for _ in range(rng.randint(1, 5)))
            self.add(at, "put", records)

    def _record(self) -> tuple[int, str, int, float | None]:
        rng = self.rng
        kinds, weights = zip(*_KINDS, strict=True)
        kind: Kind = rng.choices(kinds, weights)[0]
        number = rng.randrange(self.deployments) + (1_000 if kind is Kind.MADE_UP else 0)
        elsewhere = rng.random() if rng.random() < 0.25 else None
        return number, kind.value, rng.choice(_JITTER), elsewhere

    def trouble(self, moment: float, mode: str) -> None:
        """Let workers and services have trouble around a moment."""
        rng = self.rng
        for _ in range(rng.randint(0, 4)):
            at = moment + rng.uniform(-60, 240) * rng.random()
            kinds = [
                "steal",
                "steal",
                "kill",
                "kill",
                "stop",
                "split",
                "split",
                "merge",
                "merge",
                "outage",
                "start",
            ]
            what = rng.choice(kinds)
            if what == "outage":
                self.add(
                    at, what, rng.choice(("s3", "s3", "kinesis", "glue", "dynamodb")), rng.uniform(5, 900)
                )
                continue
            self.add(at, what, rng.randrange(8))
            if what in {"kill", "stop"}:
                down = rng.choice((5, 60, 600, 600, self.retention * 3600 + rng.uniform(-120, 120)))
                self.add(at + down, "start", self.ops[-1].args[0])
        if rng.random() < 0.12:
            self._blackout(moment + rng.uniform(-60, 30))
        if rng.random() < 0.04 and mode == "kcl":
            self.add(moment + rng.uniform(-60, 600), "forget leases")
        if rng.random() < 0.04:
            self.add(moment + rng.uniform(-60, 600), "retention", 24)

    def _blackout(self, at: float) -> None:
        """Let no worker be up until the stream begins to forget what came meanwhile."""
        down = self.retention * 3600 + self.rng.uniform(-90, 90)
        for worker in range(3):
            self.add(at, "kill", worker)
            self.add(at + down, "start", worker)

    def backlog(self, moment: float) -> None:
        """Let a shard be split while no worker is up, and deployments report before and after that."""
        numbers = range(min(self.deployments, 5))
        told = [(Kind.GENUINE.value, 0, None)] * len(numbers)
        before = tuple((number, *one) for number, one in zip(numbers, told, strict=True))
        happens: list[tuple[float, str, tuple[Any, ...]]] = [
            *((0, "kill", (worker,)) for worker in range(3)),
            (1, "put", (before,)),
            (2, "split", (0,)),
            (3, "put", (before[::-1],)),
            (4, "start", (0,)),
        ]
        for after, what, args in happens:
            self.ops.append(Op(len(self.ops), moment + after, what, args))

    def commands(self, moment: float) -> None:
        """Let commands run around a moment, some two at once, some cut off and run again."""
        rng = self.rng
        over = _next_midnight(moment - 12 * 3600) + 60
        days = [_day(over - DAY / 2 - number * DAY) for number in range(2)]
        begin = max(moment, over) if rng.random() < 0.7 else moment
        if rng.random() < 0.3:
            self.add(over - 60 - rng.random() * 20, "seal", days[0])
        self.add(over + rng.uniform(1, 500), "seal --all", crash=0.2, skew=rng.choice((0, 0, 20, -20)))
        for _ in range(rng.randint(1, 4)):
            at = begin + rng.random() ** 2 * rng.choice((30, 600, 4_000))
            self._command(at, rng.choice((days[0], days[0], days[1])))

    def _command(self, at: float, day: date) -> None:
        rng = self.rng
        skew = rng.choice((0, 0, 0, 25, -25))
        what = rng.choice(
            (
                "seal",
                "seal",
                "seal --all",
                "replay",
                "replay",
                "replay",
                "rollback",
                "expire",
                "audit",
                "audit",
                "read",
                "read",
            )
        )
        args: tuple[Any, ...] = (day,)
        if what == "replay":
            first = day - timedelta(days=rng.choice((0, 0, 0, 1)))
            source = rng.choice(("stream", "stream", "lake"))
            dry, strict, name = rng.random() < 0.2, rng.random() < 0.3, rng.choice((None, None, "again"))
            args = (first, day, source, dry, strict, name)
        elif what == "audit":
            args = (day, rng.random() < 0.5)
        elif what in {"seal --all", "expire"}:
            args = ()
        self.add(at, what, *args, crash=0.25, skew=skew)
        if self.ops[-1].crash_at and rng.random() < 0.8:
            self.add(at + rng.choice((1, 30, 400)), what, *args, skew=skew)
        if rng.random() < 0.25:
            self.add(at + rng.choice((0.0, 0.05, 1.0)), what, *args, crash=0.1)


def make(seed: int | str) -> Plan:
    """Return the plan of a seed."""
    rng = random.Random(f"{seed}/plan")
    retention = rng.choice((24, 24, 48))
    pages = random.Random(f"{seed}/pages")
    if retention == 48 and pages.random() < 0.5:  # of a day before the last one all is known, too
        retention = 72
    mode = rng.choice(("kcl", "kcl", "kcl", "kcl", "poll"))
    draft = _Draft(rng, retention, rng.randint(3, 12))
    draft.moments(rng.randint(1, 3))
    start = draft.scenes[0] - rng.choice((120, 2_000, 5_000))
    for worker in range(rng.randint(1, 3)):
        draft.add(start, "start", worker)
    for moment in draft.scenes:
        draft.traffic(moment)
        draft.trouble(moment, mode)
        draft.commands(moment)
    if mode == "poll" and pages.random() < 0.5:
        draft.backlog(pages.choice(draft.scenes) + 900)
    stormy = rng.choice((0.0, 0.3, 1.0, 1.0, 3.0))
    extras = frozenset(one for one in ("replays", "rollback", "damage", "later") if rng.random() < 0.35)
    return Plan(
        seed=str(seed),
        start=start,
        mode=mode,
        shards=rng.choice((1, 1, 2)),
        retention=retention,
        flush_records=rng.choice((1, 2, 3, 5, 100)),
        faults=0.03 * stormy,
        ends=0.004 * stormy,
        redelivers=rng.choice((0.0, 0.0, 0.1)),
        slowness=rng.choice((0.1, 1.0, 8.0)),
        page=pages.choice((1, 3, 1_000)),
        heals_slowly=rng.random() < 0.3,
        extras=extras,
        ops=tuple(sorted(draft.ops, key=lambda op: (op.at, op.number))),
    )


def _next_midnight(at: float) -> float:
    return BASE + ((at - BASE) // DAY + 1) * DAY


def _day(at: float) -> date:
    return datetime.fromtimestamp(at, UTC).date()


def _told(args: tuple[Any, ...]) -> str:
    (records,) = args
    return ", ".join(
        f"{number} {kind}{f' {jitter:+d} ms' if jitter else ''}{' elsewhere' if place is not None else ''}"
        for number, kind, jitter, place in records
    )
