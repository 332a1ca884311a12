"""The end of a history: nothing fails any more, the worker catches up, and everything is looked at."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from stream_worker.lake.keys import LIVE
from stream_worker.process.errors import RefusedError, WorkerError
from tests.simulation.aftermath import Aftermath
from tests.simulation.commands import Process
from tests.simulation.truth import STRICT
from tests.simulation.world import ViolationError

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import date

    from tests.simulation.game import Game

_CATCHES_UP = 40  # times two minutes


@dataclass(slots=True)
class Quiet:
    """Brings a history to rest and checks what is there then."""

    game: Game

    def play(self) -> None:
        """Catch up, seal, check."""
        world = self.game.world
        world.calm = True
        world.note("from here on nothing fails")
        self._settle_commands()
        self._catch_up()
        self._end_workers()
        self.game.invariants.check_chains()
        over = max((self.game.truth.since(day) + 86_400 + 60 for day in self.game.truth.days()), default=0.0)
        world.run(max(world.now, over + 30))
        self.run("inspector", self._inspect)

    def run(self, name: str, do: Callable[[Process], None]) -> None:
        """Run a process to its end, beside nothing else but late wakers."""
        world = self.game.world
        held: list[Process] = []

        def body() -> None:
            try:
                do(held[0])
            except WorkerError as error:
                raise ViolationError("quiet", f"{name} fails although nothing does: {error}") from error
            except Exception as error:
                raise ViolationError("errors", f"{name} ends with {error!r}") from error

        actor = world.spawn(name, body, frail=False)
        held.append(Process(self.game.place, actor))
        while not actor.dead:
            world.run(world.now + 600)

    def _settle_commands(self) -> None:
        world = self.game.world
        world.run(world.now + (1_200 if self.game.plan.heals_slowly else 5))
        for actor in self.game.commands:
            actor.kill()

    def _catch_up(self) -> None:
        game, world = self.game, self.game.world
        if game.plan.mode == "kcl":
            game.fleet.start("w9")
        else:
            game.poll(9)
        for _ in range(_CATCHES_UP):
            world.run(world.now + 120)
            world.notify()
            self._note_lost()
            if all(place in game.truth.lost or game.truth.is_committed(place) for place in game.truth.facts):
                return
        left = next(
            one for one in game.truth.facts if one not in game.truth.lost and not game.truth.is_committed(one)
        )
        raise ViolationError("progress", f"..{left[1] % 10000} of {left[0][-3:]} is not committed in the end")

    def _note_lost(self) -> None:
        truth, horizon = self.game.truth, self.game.place.stream.horizon
        for place, fact in truth.facts.items():
            if fact.put.at < horizon and place not in truth.lost and not truth.is_committed(place):
                truth.lost.add(place)
                self.game.world.note(
                    f"lost: ..{place[1] % 10000} of {place[0][-3:]}, the stream has forgotten it"
                )

    def _end_workers(self) -> None:
        game = self.game
        game.fleet.stopping = True
        for worker in list(game.fleet.workers):
            game.fleet.end(worker, kill=True)
        for actor, _ in game.pollers.values():
            actor.kill()
        game.world.run(game.world.now + 1)

    def _inspect(self, process: Process) -> None:
        refused = dict(process.seal_all())
        for day in self.game.truth.days():
            if len(process.publication.all_shown(day)) > 1 and day not in refused:
                with suppress(RefusedError):
                    process.seal(day)  # a switch was cut off between the tables: a command is run again
            self._check_day(process, day, refused.get(day))
        Aftermath(self.game, process).play()

    def _check_day(self, process: Process, day: date, refused: str | None) -> None:
        game, held = self.game, self.game.invariants
        gone, since = held.gone(day), game.truth.since(day)
        doubtful = held.doubtful(since - 120, since + 86_520)
        if refused and not doubtful:
            raise ViolationError("false refusal", f"{day} is whole, but: {refused}")
        seen = process.publication.shown(day)
        if seen is not None and seen != LIVE:
            manifest = self.game.sight.manifest(day, seen)
            found = held.check_run(manifest)
            gone = [fact for fact in gone if fact.place not in found]  # a replay may have had them in time
            if gone and not manifest["gaps"]:
                raise ViolationError(
                    "lost without a word", f"{day} is sealed as whole, without {len(gone)} records"
                )
        elif not refused and not gone and not doubtful and not self._was_put_back(process, day):
            raise ViolationError("sealed", f"{day} is over and whole, seal --all leaves it alone")
        audit = process.audit(day, against_stream=True)
        if gone and audit.ok:
            raise ViolationError(
                "lost without a word", f"an audit finds {day} whole, without {len(gone)} records"
            )
        if not gone and not doubtful and not audit.ok:
            raise ViolationError("audit", f"of {day}, which is whole: {audit.problems[0]}")
        if not gone and not refused and not doubtful:
            self._seal_again(process, day)

    @staticmethod
    def _was_put_back(process: Process, day: date) -> bool:
        switches = process.publication.switches(day)
        return bool(switches) and switches[-1].why == "rollback"

    def _seal_again(self, process: Process, day: date) -> None:
        """Sealing is idempotent, and what it shows is the day."""
        try:
            first, again = process.seal(day), process.seal(day)
        except RefusedError as error:
            raise ViolationError("false refusal", f"{day} is whole, but: {error}") from error
        if first.manifest.run != again.manifest.run or again.switched:
            raise ViolationError("idempotent", f"a second seal of {day} makes run {again.manifest.run}")
        held = self.game.invariants
        held.check_run(self.game.sight.manifest(day, first.manifest.run))
        if first.manifest.thresholds_version == STRICT.version:
            raise ViolationError("idempotent", f"seal of {day} shows what other thresholds judged")
