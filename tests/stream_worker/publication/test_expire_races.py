"""An `expire` and a seal of the same run at once: readers see a whole day, whichever comes between which."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from stream_worker.lake.keys import LIVE
from stream_worker.process.errors import RefusedError
from stream_worker.publication.history import KEPT, History
from stream_worker.publication.publication import Publication
from tests.support.soak import soaked
from tests.support.worker.sealing import THE_DAY, Theatre, same, usual

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import date

    from stream_worker.days.seal import Seal


@dataclass(slots=True)
class Interrupted:
    """A command's lake or catalog: before its call number `left` another command runs, from start to end."""

    turn: Turn
    inner: Any

    def __getattr__(self, name: str) -> object:
        called = getattr(self.inner, name)

        def call(*args: object) -> object:
            self.turn.take()
            return called(*args)

        return call


@dataclass(slots=True)
class Turn:
    """When the other command has its turn: before a call that is counted from 1."""

    left: int
    other: Callable[[], object]

    def take(self) -> None:
        self.left -= 1
        if self.left == 0:
            self.other()


@dataclass(slots=True)
class Watched:
    """A catalog that readers are only pointed at what is there by."""

    theatre: Theatre

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - whatever the catalog has
        return getattr(self.theatre.catalog, name)

    def point(self, table: str, day: date, prefix: str) -> None:
        assert any(key.startswith(prefix) for key in self.theatre.stage.objects), f"{prefix} is empty"
        self.theatre.catalog.point(table, day, prefix)


def due(theatre: Theatre) -> str:
    """Seal, roll back and wait until the run is due; return the run."""
    run = theatre.seal.seal(THE_DAY).manifest.run
    theatre.publication.roll_back(THE_DAY, theatre.tick())
    theatre.now += KEPT + timedelta(days=1)
    return run


def history(theatre: Theatre, turn: Turn) -> History:
    lake = Interrupted(turn, theatre.stage)
    return History(lake, Publication(lake, Interrupted(turn, theatre.catalog)))  # type: ignore[arg-type] # stand-ins


def seal(theatre: Theatre, turn: Turn) -> Seal:
    lake = Interrupted(turn, theatre.stage)
    publication = Publication(lake, Interrupted(turn, Watched(theatre)))  # type: ignore[arg-type] # stand-ins
    return replace(theatre.seal, lake=lake, publication=publication, runs=replace(theatre.runs, lake=lake))  # type: ignore[arg-type] # as above


def sealed(seal_: Seal) -> None:
    try:
        seal_.seal(THE_DAY)
    except RefusedError as refused:
        assert any(word in str(refused) for word in ("being removed", "has no run", "not whole"))  # noqa: PT017 - either is right


def check(theatre: Theatre, shown: dict[str, Any]) -> None:
    """Assert that readers see all of the day in one generation, and that a seal makes it a run again."""
    assert len(theatre.publication.all_shown(THE_DAY)) == 1
    if theatre.publication.all_shown(THE_DAY) != {LIVE}:
        theatre.check_run()
        assert same(theatre.shown(), shown)
    assert len(theatre.rows("reports")) in {45, 50}
    theatre.seal.seal(THE_DAY)
    theatre.check_run()
    assert same(theatre.shown(), shown)


def prepared() -> tuple[Theatre, dict[str, Any]]:
    theatre = Theatre().fill(usual())
    theatre.seal.seal(THE_DAY)
    shown = theatre.shown()
    due(theatre)
    return theatre, shown


def every_other(count: int) -> list[Any]:
    """Return the steps of an act: `make test` tries every other one."""
    steps = [*range(1, count + 1, 2), *range(2, count + 1, 2)]
    return soaked(steps, (count + 1) // 2)


def calls(act: Callable[[Theatre, Turn], object]) -> int:
    theatre, _ = prepared()
    turn = Turn(10**6, lambda: None)
    act(theatre, turn)
    return 10**6 - turn.left


def expired(theatre: Theatre, turn: Turn) -> list[str]:
    return history(theatre, turn).expire(THE_DAY, theatre.tick())


@pytest.mark.parametrize("step", every_other(calls(expired)))
def test_a_seal_between_any_two_steps_of_an_expire(step: int) -> None:
    theatre, shown = prepared()
    expired(theatre, Turn(step, lambda: sealed(theatre.seal)))
    check(theatre, shown)


@pytest.mark.parametrize("step", every_other(calls(lambda theatre, turn: sealed(seal(theatre, turn)))))
def test_an_expire_between_any_two_steps_of_a_seal(step: int) -> None:
    theatre, shown = prepared()
    never = Turn(0, lambda: None)
    sealed(seal(theatre, Turn(step, lambda: history(theatre, never).expire(THE_DAY, theatre.tick()))))
    check(theatre, shown)


@pytest.mark.parametrize("step", every_other(calls(expired)))
def test_an_expire_while_another_removes_the_last_files_of_the_run(step: int) -> None:
    theatre, shown = prepared()
    (run,) = (manifest.run for manifest in theatre.publication.manifests(THE_DAY))
    note = f"runs/dt={THE_DAY}/expiring/{run}.json"
    theatre.stage.put_new(note, theatre.now.isoformat().encode(), {})
    theatre.stage.delete([f"runs/dt={THE_DAY}/{run}.json"])

    def complete() -> None:
        files = [key for key in theatre.stage.objects if f"run={run}/" in key]
        theatre.stage.delete([*files, note])

    assert expired(theatre, Turn(step, complete)) in ([], [run])
    check(theatre, shown)


def test_an_expire_that_was_cut_off_is_completed_the_next_day_and_a_seal_need_not_wait_for_it() -> None:
    theatre, shown = prepared()
    (run,) = (manifest.run for manifest in theatre.publication.manifests(THE_DAY))
    note = f"runs/dt={THE_DAY}/expiring/{run}.json"

    def cut_off() -> None:
        raise InterruptedError

    with pytest.raises(InterruptedError):
        expired(theatre, Turn(calls(expired) - 1, cut_off))
    assert note in theatre.stage.objects
    never = Turn(0, lambda: None)
    assert history(theatre, never).expire(THE_DAY, theatre.tick()) == []
    other = theatre.seal.seal(THE_DAY).manifest.run
    assert other != run
    assert same(theatre.shown(), shown)
    theatre.now += timedelta(days=1)
    assert history(theatre, never).expire(THE_DAY, theatre.now) == [run]
    assert [key for key in theatre.stage.objects if run in key and "switches" not in key] == []
    assert theatre.publication.all_shown(THE_DAY) == {other}
    theatre.check_run()
