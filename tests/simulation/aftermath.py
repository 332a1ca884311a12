"""What operators may do with a sealed day: replay it, roll it back, let it expire; and what may damage it."""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from stream_worker.judging.thresholds import THRESHOLDS
from stream_worker.lake.keys import LIVE
from stream_worker.process.errors import RefusedError, WorkerError
from tests.simulation.commands import Process
from tests.simulation.damage import damages, damages_while_live
from tests.simulation.stored import accepted_rows
from tests.simulation.truth import STRICT
from tests.simulation.world import ViolationError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from datetime import date

    from tests.simulation.damage import Damage
    from tests.simulation.game import Game
    from tests.simulation.world import Actor


@dataclass(slots=True)
class Aftermath:
    """Plays the extras of a plan on days that are whole and sealed."""

    game: Game
    process: Process
    rng: random.Random = field(init=False)

    def __post_init__(self) -> None:
        self.rng = random.Random(f"{self.game.plan.seed}/aftermath")

    def play(self) -> None:
        """Play what the plan wants."""
        days = [day for day in self.game.truth.days() if self._is_whole(day)]
        if not days:
            return
        day, extras = self.rng.choice(days), self.game.plan.extras
        if "replays" in extras:
            self._replay_gives_the_same(day)
        if "rollback" in extras:
            self._rollback_gives_back(day)
        if "damage" in extras:
            self._audit_finds(day)
        if "later" in extras:
            self._later(day)

    def _is_whole(self, day: date) -> bool:
        held, since = self.game.invariants, self.game.truth.since(day)
        return not held.gone(day) and not held.doubtful(since - 120, since + 86_520)

    def _replay_gives_the_same(self, day: date) -> None:
        """Check that a replay of the same records by the same rules gives the same rows."""
        held, live = self.game.invariants, self.process.seal(day).manifest
        for source in ("stream", "lake"):
            name = self.rng.choice((None, "same"))
            replayed = self.process.replay(day, day, source, dry_run=True, name=name)[0]
            held.check_run(self.game.sight.manifest(day, replayed.manifest.run))
            if replayed.manifest.records != live.records:
                raise ViolationError(
                    "replay equals live", f"{day} from {source}: {replayed.manifest.records} records"
                )
            objects = self.game.place.bucket.objects
            rows = [
                accepted_rows(objects, self.game.sight.manifest(day, run))
                for run in (live.run, replayed.manifest.run)
            ]
            if rows[0] != rows[1]:
                raise ViolationError(
                    "replay equals live", f"{day} from {source}: other rows than sealed from live"
                )

    def _rollback_gives_back(self, day: date) -> None:
        """Check that a rollback after a switch gives readers what they saw before it."""
        process, publication = self.process, self.process.publication
        for _ in range(self.rng.randint(1, 4)):
            before = publication.shown(day)
            what = self._switch(day)
            if publication.shown(day) == before or what.startswith("a rollback"):
                continue  # one rollback after another leads further back
            if publication.shown(day) != "live" and self.rng.random() < 0.5:
                process.roll_back(day)
                if publication.all_shown(day) != {before}:
                    raise ViolationError(
                        "rollback", f"of {day} after {what}: not {before}, which readers saw before"
                    )

    def _switch(self, day: date) -> str:
        what = self.rng.choice(("seal", "stream", "lake", "strict", "dry", "back"))
        if what == "back":
            kept = sorted({run.run for run in self.process.publication.manifests(day)} | {"live"})
            self.process.roll_back(day, self.rng.choice(kept))
            return "a rollback to a named one"
        if what == "seal":
            self.process.seal(day)
            return what
        self.process.thresholds = STRICT if what in {"strict", "dry"} else THRESHOLDS
        source = self.rng.choice(("stream", "lake")) if what in {"strict", "dry"} else what
        for replayed in self.process.replay(day, day, source, dry_run=what == "dry"):
            run = self.game.sight.manifest(day, replayed.manifest.run)
            self.game.invariants.check_run(run)
            if run["thresholds_version"] != self.process.thresholds.version:
                raise ViolationError(
                    "thresholds", f"{day} was replayed by version {run['thresholds_version']}"
                )
        self.process.thresholds = THRESHOLDS
        return f"a replay ({what})"

    def _audit_finds(self, day: date) -> None:
        """Check that an audit names each damage, sealed and live, and nothing once it is undone."""
        self.process.seal(day)
        self._finds(day, "sealed", damages(self.game, day, self.rng))
        self.process.roll_back(day, LIVE)
        self._finds(day, "live", damages_while_live(self.game, day, self.rng))
        self.process.seal(day)

    def _finds(self, day: date, state: str, found_by: Iterable[Damage]) -> None:
        bucket, glue = self.game.place.bucket, self.game.place.glue
        for name, damage in found_by:
            objects, partitions = dict(bucket.objects), dict(glue.partitions)
            damage()
            found = self.process.audit(day, against_stream=self.rng.random() < 0.5)
            bucket.objects.clear()
            bucket.objects.update(objects)
            glue.partitions.clear()
            glue.partitions.update(partitions)
            self.game.world.note(
                f"damage: {name}; audit: {found.problems[0] if found.problems else 'nothing'}"
            )
            if found.ok:
                raise ViolationError("audit finds", f"{name} on {day}, {state}: nothing is wrong, it says")
        again = self.process.audit(day, against_stream=True)
        if not again.ok:
            raise ViolationError("audit", f"of {day}, which is whole again: {again.problems[0]}")

    def _later(self, day: date) -> None:
        """Let a month go by, and runs expire beside other commands: readers see no less than before."""
        world, place = self.game.world, self.game.place
        self._switch(day)
        world.note("31 days go by")
        world.pause(31 * 86_400.0)
        others = [
            ("expire", lambda process: process.expire()),
            self.rng.choice(
                (
                    ("seal", lambda process: process.seal(day)),
                    ("rollback", lambda process: process.roll_back(day)),
                    ("expire", lambda process: process.expire()),
                )
            ),
        ]
        actors = []
        for name, do in others:
            actors.append(self._beside(name, do))
        while not all(actor.dead for actor in actors):
            world.pause(5.0)
        seen = self.process.publication.shown(day)
        if seen not in {None, "live"}:
            missing = [
                key for key in self.game.sight.parts(str(day), str(seen)) if key not in place.bucket.objects
            ]
            if missing:
                raise ViolationError("readers", f"{day} shows run {seen} without {missing[0]}")

    def _beside(self, name: str, do: Callable[[Process], object]) -> Actor:
        held: list[Process] = []

        def run() -> None:
            try:
                do(held[0])
            except RefusedError as error:
                self.game.world.note(f"refused: {error}")
            except WorkerError as error:
                raise ViolationError("quiet", f"{name}, a month later: {error}") from error
            except Exception as error:
                raise ViolationError("errors", f"{name} ends with {error!r}") from error

        actor = self.game.world.spawn(f"{name}, a month later", run, frail=False)
        held.append(Process(self.game.place, actor))
        return actor
