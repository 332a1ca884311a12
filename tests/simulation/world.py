"""The simulated world: one thread, simulated time, and actors that take turns at every effect.

An actor is real code in a greenlet. It runs until it asks a service for something; there it is suspended, for
as long as the seed says, and the actor whose time comes next runs on. Nothing else decides: a seed is a
history.
"""

from __future__ import annotations

import heapq
import random
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from enum import Enum
from itertools import count
from typing import TYPE_CHECKING, Any, Final, TypeVar

import greenlet

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.simulation.weather import Weather

_T = TypeVar("_T")

CLIENT_TIMEOUT: Final = 60.0
"""Seconds after which a client gives up waiting for an answer."""

MOST_EFFECTS: Final = 60_000
"""A history with more effects is stuck in a loop."""


class CrashError(BaseException):
    """The process ends here, whatever it was about to do."""


class ViolationError(BaseException):
    """An invariant does not hold; `invariant` is its name. No code under test may catch it."""

    def __init__(self, invariant: str, detail: str) -> None:
        super().__init__(f"{invariant}: {detail}")
        self.invariant = invariant
        self.detail = detail


class Fate(Enum):
    """What becomes of a request."""

    FINE = "fine"
    REFUSED = "refused"
    """The service answers with an error, nothing is done."""
    LOST = "answer lost"
    """It is done, and the client is told of a time-out."""
    LATE = "late"
    """The client is told of a time-out, and it is done after that."""
    HANGS = "hangs"
    """Nothing is done; the client waits for its time-out."""
    CRASH_BEFORE = "crash before"
    CRASH_AFTER = "crash after"
    STALL_BEFORE = "stall before"
    """The process is suspended for long, then goes on as if nothing had been."""
    STALL_AFTER = "stall after"


@dataclass(eq=False, slots=True)
class Actor:
    """A process: what it runs, its own chance, how far its wall clock is off (seconds), its end."""

    name: str
    world: World
    run: Callable[[], None]
    random: random.Random
    skew: float = 0.0
    frail: bool = True
    crash_at: int = 0
    effects: int = 0
    dead: bool = False
    waiting: bool = False
    turn: int = 0
    on_stall: Callable[[], None] = lambda: None
    on_end: Callable[[BaseException | None], None] = lambda _: None
    light: greenlet.greenlet = field(init=False)

    def __post_init__(self) -> None:
        self.light = greenlet.greenlet(self._main, self.world.hub)

    def now(self) -> datetime:
        """Return what the process's wall clock shows."""
        return self.world.datetime + timedelta(seconds=self.skew)

    def kill(self) -> None:
        """End the process at once; what it has asked for before may still be done."""
        if not self.dead:
            self.dead = True
            self.world.note("is killed", self)
            self.world.schedule(0.0, self)

    def _main(self) -> None:
        error: BaseException | None = None
        try:
            if not self.dead:
                self.run()
        except CrashError as ended:
            error = ended
            self.world.note("has crashed", self)
        except greenlet.GreenletExit:
            return
        self.dead = True
        self.on_end(error)


@dataclass(slots=True)
class World:
    """Time, turns, and the history of all effects."""

    seed: str
    start: float
    weather: Weather
    now: float = 0.0
    effects: int = 0
    calm: bool = False
    history: list[tuple[float, str, str]] = field(default_factory=list)
    actors: list[Actor] = field(default_factory=list)
    current: Actor | None = None
    """Who has the turn."""
    random: random.Random = field(init=False)
    _queue: list[tuple[float, int, int, Any]] = field(default_factory=list)
    _number: Any = field(default_factory=count)
    hub: greenlet.greenlet = field(default_factory=greenlet.getcurrent)

    def __post_init__(self) -> None:
        self.random = random.Random(f"{self.seed}/world")
        self.now = self.start

    @property
    def datetime(self) -> datetime:
        """The true time."""
        return datetime.fromtimestamp(self.now, UTC)

    def note(self, text: str, actor: Actor | None = None) -> None:
        """Write a line of the history."""
        by = actor or self.current
        self.history.append((self.now, by.name if by else "world", text))

    def spawn(self, name: str, run: Callable[[], None], *, frail: bool = True) -> Actor:
        """Make a process and give it a turn soon."""
        actor = Actor(name, self, run, random.Random(f"{self.seed}/{name}"), frail=frail)
        self.actors.append(actor)
        self.schedule(actor.random.random() * 0.01, actor)
        return actor

    def schedule(self, seconds: float, what: Actor | Callable[[], None]) -> None:
        """Give an actor its turn, or call a function, so many seconds from now."""
        turn = 0
        if isinstance(what, Actor):
            what.turn += 1
            turn = what.turn
        heapq.heappush(self._queue, (self.now + seconds, next(self._number), turn, what))

    def run(self, until: float) -> None:
        """Let time pass until then."""
        queue = self._queue
        while queue and queue[0][0] <= until:
            when, _, turn, what = heapq.heappop(queue)
            self.now = max(self.now, when)
            if not isinstance(what, Actor):
                what()
            elif what.turn == turn and not what.light.dead:
                self.current = what
                what.light.switch()
                self.current = None
        self.now = max(self.now, until)

    def close(self) -> None:
        """End every process that is left."""
        for actor in self.actors:
            if not actor.light.dead:
                actor.dead = True
                actor.light.throw(greenlet.GreenletExit)

    def pause(self, seconds: float) -> None:
        """Suspend the process that calls."""
        self._pause(self._mine(), seconds)

    def _pause(self, actor: Actor, seconds: float) -> None:
        self.schedule(seconds, actor)
        self.hub.switch()
        if actor.dead:
            raise CrashError

    def idle(self, seconds: float) -> None:
        """Suspend the process that calls until `notify`, or for so long."""
        self._mine().waiting = True
        self.pause(seconds)
        self._mine().waiting = False

    def notify(self) -> None:
        """Wake those that wait for something to happen."""
        for actor in self.actors:
            if actor.waiting and not actor.dead:
                self.schedule(actor.random.random() * 1.5, actor)

    def effect(
        self,
        service: str,
        what: str,
        do: Callable[[], _T],
        *,
        error: Callable[[Fate], Exception],
        writes: bool,
    ) -> _T:
        """Ask a service for something: where turns change, and where things go wrong."""
        actor = self._mine()
        self.effects += 1
        actor.effects += 1
        if self.effects > MOST_EFFECTS:
            raise ViolationError("progress", f"{actor.name} does not come to an end: {what}")
        fate = self.weather.fate(actor, service, writes=writes)
        if fate is Fate.FINE:
            self._pause(actor, actor.random.random() ** 3 * self.weather.slowness)
            answer = do()
            self.history.append((self.now, actor.name, what))
            if actor.random.random() < self.weather.answers_late:
                self._pause(actor, actor.random.random() * self.weather.slowness)
            return answer
        self.note(f"{what}: {fate.value}")
        return self._other(actor, fate, do, error)

    def _other(
        self, actor: Actor, fate: Fate, do: Callable[[], _T], error: Callable[[Fate], Exception]
    ) -> _T:
        self.pause(actor.random.random() * self.weather.slowness)
        match fate:
            case Fate.CRASH_BEFORE:
                raise CrashError
            case Fate.CRASH_AFTER:
                do()
                raise CrashError
            case Fate.STALL_BEFORE:
                self._stall(actor)
                return do()
            case Fate.STALL_AFTER:
                answer = do()
                self._stall(actor)
                return answer
            case Fate.LOST:
                do()
            case Fate.LATE:
                self.schedule(CLIENT_TIMEOUT * actor.random.uniform(0.5, 3), _unheard(do))
        if fate is not Fate.REFUSED:
            self.pause(CLIENT_TIMEOUT)
        raise error(fate)

    def _stall(self, actor: Actor) -> None:
        actor.on_stall()
        seconds = actor.random.choice((20, 100, 600, 3600, 8 * 3600, 60 * 3600))
        self.pause(seconds * actor.random.random())
        self.note("wakes up", actor)

    def _mine(self) -> Actor:
        actor = self.current
        assert actor is not None, "an effect outside of the simulated world"
        return actor


def _unheard(do: Callable[[], object]) -> Callable[[], None]:
    def late() -> None:
        with suppress(Exception):  # whatever a late request answers, its client has gone
            do()

    return late
