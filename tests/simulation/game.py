"""Plays a plan: its ops one after the other, then quiet, in which everything must come right."""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from stream_worker.judging.thresholds import THRESHOLDS
from stream_worker.process.errors import RefusedError, SetupError, WorkerError
from stream_worker.process.limits import Limits
from stream_worker.process.problem import Kind
from tests.simulation import stand_ins
from tests.simulation.bucket import Bucket
from tests.simulation.commands import Place, Process
from tests.simulation.glue import Glue
from tests.simulation.invariants import Invariants
from tests.simulation.leases import Fleet
from tests.simulation.quiet import Quiet
from tests.simulation.sight import Sight
from tests.simulation.stage import STAGE
from tests.simulation.stream import Stream
from tests.simulation.truth import STRICT, Fact, Truth, body_of, nonce_of
from tests.simulation.truth import Kind as What
from tests.simulation.weather import Outage, Weather
from tests.simulation.world import CrashError, ViolationError, World

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import date

    from stream_worker.audit.auditor import Audit
    from stream_worker.process.problem import Problem
    from tests.simulation.plan import Op, Plan
    from tests.simulation.world import Actor


@dataclass(frozen=True, slots=True)
class Played:
    """How a history went: what did not hold, if anything, and all that happened."""

    plan: Plan
    violation: ViolationError | None
    effects: int
    history: list[tuple[float, str, str]]


def play(plan: Plan) -> Played:
    """Play a plan; the same one goes the same way."""
    game = Game(plan)
    STAGE.world = game.world
    violation = None
    try:
        game.play()
    except ViolationError as found:
        violation = found
    finally:
        STAGE.world = None
        game.world.close()
        stand_ins.FILES.clear()
    return Played(plan, violation, game.world.effects, game.world.history)


@dataclass(slots=True)
class Game:
    """One history under way."""

    plan: Plan
    world: World = field(init=False)
    truth: Truth = field(default_factory=Truth)
    place: Place = field(init=False)
    fleet: Fleet = field(init=False)
    invariants: Invariants = field(init=False)
    sight: Sight = field(init=False)
    commands: list[Actor] = field(default_factory=list)
    pollers: dict[int, tuple[Actor, Process]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        plan = self.plan
        self.world = World(plan.seed, plan.start, Weather(plan.faults, plan.ends, plan.slowness))
        stream = Stream(self.world, plan.retention, page=plan.page)
        stream.open(plan.shards)
        bucket, glue = Bucket(self.world), Glue(self.world)
        self.place = Place(bucket, stream, glue, Limits(plan.flush_records, 10**9, 60.0))
        held = self.invariants = Invariants(self.world, self.truth, bucket, stream)
        sight = self.sight = Sight(bucket, glue)
        bucket.on_put, bucket.on_delete, glue.on_point = held.on_put, sight.on_delete, sight.on_point
        self.fleet = Fleet(
            self.world,
            stream,
            lambda actor: Process(self.place, actor).make_processor(),
            held.on_checkpoint,
            plan.redelivers,
        )

    def play(self) -> None:
        """Play everything."""
        for op in self.plan.ops:
            self.world.run(op.at)
            self._begin(op)
        self.world.run(self.world.now + 30.0)
        Quiet(self).play()

    def _begin(self, op: Op) -> None:
        if op.what != "put":
            self.world.note(f"op {op.number}: {op.what} {' '.join(map(str, op.args))}")
        match op.what:
            case "put":
                self._put(op)
            case "split" | "merge" as reshard:
                getattr(self.place.stream, reshard)(op.args[0])
                self.fleet.soon()
            case "outage":
                service, seconds = op.args
                self.world.weather.outages.append(Outage(service, op.at, op.at + seconds))
            case "retention":
                self.place.stream.retention = op.args[0]
            case "forget leases":
                self.fleet.forget()
            case "steal":
                self.fleet.steal(op.args[0])
            case "start" | "stop" | "kill":
                self._worker(op.what, op.args[0] % 3)
                return
            case _:
                self._command(op)
        self.world.notify()

    def _put(self, op: Op) -> None:
        rng = random.Random(f"{self.plan.seed}/put {op.number}")
        (records,) = op.args
        for number, kind_name, jitter, elsewhere in records:
            kind = What(kind_name)
            nonce = nonce_of(number, rng)
            place = elsewhere if elsewhere is not None else random.Random(number).random()
            arrival = round(self.world.now * 1000) + jitter
            put = self.place.stream.put(int(place * 2**128), nonce, body_of(kind, nonce, number), arrival)
            shard_id = next(
                one.shard_id for one in self.place.stream.shards.values() if one.records[-1:] == [put]
            )
            fact = Fact(shard_id, put, kind, nonce)
            self.truth.facts[fact.place] = fact
            at = f"{arrival % 86_400_000 / 1000:.3f} s of {fact.day:%d}"
            self.world.note(
                f"put ..{put.number % 10000} on {shard_id[-3:]}: {kind} of {number}, arrival {at}"
            )

    def _worker(self, what: str, number: int) -> None:
        if self.plan.mode == "kcl":
            worker = f"w{number}"
            if what == "start":
                self.fleet.start(worker)
            else:
                self.fleet.end(worker, kill=what == "kill")
            return
        actor, process = self.pollers.get(number, (None, None))
        if what == "start" and (actor is None or actor.dead):
            self.poll(number)
        elif actor is not None and process is not None and what == "kill":
            actor.kill()
        elif process is not None and what == "stop":
            process.stop.set()
            self.world.notify()

    def poll(self, number: int) -> None:
        """Start a worker on the poll engine; it starts again some time after it has ended by an error."""
        process: list[Process] = []

        def run() -> None:
            self._reported("poll", process[0].poll)

        actor = self.world.spawn(f"p{number}@{len(self.world.actors)}", run)
        process.append(Process(self.place, actor))
        self.pollers[number] = actor, process[0]

        def again(error: BaseException | None) -> None:
            if error is not None and not self.fleet.stopping:
                self.world.schedule(60.0, lambda: self._revive(number, actor))

        actor.on_end = again

    def _revive(self, number: int, actor: Actor) -> None:
        if self.pollers[number][0] is actor and not self.fleet.stopping:
            self.poll(number)

    def _command(self, op: Op) -> None:
        process: list[Process] = []

        def run() -> None:
            self._reported(op.what, lambda: self._do(op, process[0]))

        actor = self.world.spawn(f"{op.what}@{op.number}", run)
        actor.crash_at, actor.skew = op.crash_at, op.skew
        process.append(Process(self.place, actor))
        self.commands.append(actor)

    def _do(self, op: Op, process: Process) -> object:
        commands: dict[str, Callable[..., object]] = {
            "seal": process.seal,
            "seal --all": process.seal_all,
            "replay": self._replay,
            "rollback": process.roll_back,
            "expire": process.expire,
            "audit": self._audit,
            "read": read,
        }
        own = (self, process) if op.what == "read" else (process,) if op.what in {"replay", "audit"} else ()
        return commands[op.what](*own, *op.args)

    @staticmethod
    def _replay(process: Process, *wanted: Any) -> object:  # noqa: ANN401 - as the plan has them
        first, last, source, dry_run, strict, name = wanted
        process.thresholds = STRICT if strict else THRESHOLDS
        return process.replay(first, last, source, dry_run=dry_run, name=name)

    def _audit(self, process: Process, *wanted: Any) -> None:  # noqa: ANN401 - as the plan has them
        day, against_stream = wanted
        self._audited(process.audit(day, against_stream=against_stream))

    def _audited(self, audit: Audit) -> None:
        """Check that an audit beside others sees what is under way at most, and no damage."""
        for problem in audit.problems:
            if not excused(self, audit, problem):
                raise ViolationError("audit", f"of {audit.day}, while others work: {problem}")

    def _reported(self, what: str, do: Callable[[], object]) -> None:
        """Run a command as its process does: what it knows of is told, and ends it."""
        try:
            told = do()
        except RefusedError as error:
            self.world.note(f"refused: {error}")
        except WorkerError as error:
            if what == "poll" and isinstance(error, SetupError):
                raise ViolationError("set-up", f"nothing is wrong with it, says a worker: {error}") from error
            self.world.note(f"fails: {error}")
            raise CrashError from error
        except Exception as error:
            raise ViolationError("errors", f"{what} ends with {error!r}") from error
        else:
            self.world.note(f"done: {_short(told)}")


def read(game: Game, process: Process, day: date) -> None:
    """Read a day as a query does: where it is, which files there are, then each file."""
    for table in ("reports", "rejects"):
        prefix = process.catalog.location(table, day)
        if prefix is None:
            return
        keys = list(process.lake.keys(prefix))
        rows = [stand_ins.rows_of(process.lake.get(key)) for key in keys]
        if table == "reports" or rows:
            game.sight.read(table, str(day), prefix, rows)


_UNDER_WAY: Final = ("the tables show two", "missing: table", "uncommitted", "later:", "sealed with a gap")


def excused(game: Game, audit: Audit, problem: Problem) -> bool:
    """Say whether an audit may name something that is so, or under way."""
    since = game.truth.since(audit.day)
    doubtful = game.invariants.doubtful(since - 120, since + 86_520)
    lost = any(shard_id == problem.shard_id for shard_id, _ in game.truth.lost)
    return (
        problem.what.startswith(_UNDER_WAY)
        or (problem.kind is Kind.FORGOTTEN and doubtful)
        or (problem.kind is Kind.BREAK and lost)
    )


def _short(told: Any) -> str:  # noqa: ANN401 - whatever a command returns
    return type(told).__name__ if not isinstance(told, str | list) else str(told)[:80]
