"""Runs are kept for thirty days after readers left them, and what readers see is never removed."""

from __future__ import annotations

from datetime import timedelta

import pytest

from stream_worker.lake.keys import LIVE
from stream_worker.process.errors import RefusedError
from stream_worker.publication.history import KEPT, History
from tests.support.worker.sealing import SPAN, THE_DAY, Theatre, crashed, same, usual

SECOND = timedelta(seconds=1)


def history(theatre: Theatre) -> History:
    return History(theatre.stage, theatre.publication)


def sealed_twice(theatre: Theatre) -> tuple[str, str]:
    first = theatre.seal.seal(THE_DAY).manifest.run
    return first, theatre.seal.seal(THE_DAY, anew=True).manifest.run


def test_the_generations_say_which_one_readers_see_and_until_when_others_are_kept(theatre: Theatre) -> None:
    assert [kept.generation for kept in history(theatre).of(THE_DAY)] == [LIVE]
    first, second = sealed_twice(theatre)
    replaced = theatre.publication.switches(THE_DAY)[-1].at
    found = history(theatre).of(THE_DAY)
    assert [(kept.generation, kept.current, kept.until) for kept in found] == [
        (LIVE, False, None),
        (first, False, replaced + KEPT),
        (second, True, None),
    ]
    assert [(kept.accepted, kept.rejected) for kept in found] == [(50, 7), (45, 12), (45, 12)]


def test_what_is_due_is_removed_and_nothing_else(theatre: Theatre) -> None:
    first, second = sealed_twice(theatre)
    until = theatre.publication.switches(THE_DAY)[-1].at + KEPT
    shown, keys = theatre.shown(), set(theatre.stage.objects)
    assert history(theatre).expire(THE_DAY, until - SECOND) == []
    assert set(theatre.stage.objects) == keys
    assert history(theatre).expire(THE_DAY, until) == [first]
    gone = keys - set(theatre.stage.objects)
    assert {key for key in keys if first in key and "switches" not in key} == gone
    assert len(gone) == 3
    assert same(theatre.shown(), shown)
    assert history(theatre).expire(THE_DAY, until + 100 * KEPT) == []
    theatre.check_run()
    with pytest.raises(RefusedError, match="has no run"):
        theatre.publication.roll_back(THE_DAY, theatre.tick(), first)
    assert theatre.publication.roll_back(THE_DAY, theatre.tick(), LIVE) == LIVE
    assert history(theatre).expire(THE_DAY, until + 100 * KEPT) == [second]
    assert len(theatre.rows("reports")) == 50


def test_a_run_that_readers_came_back_to_is_kept_from_when_they_left_it_last(theatre: Theatre) -> None:
    first, _ = sealed_twice(theatre)
    theatre.now += KEPT / 2
    theatre.publication.roll_back(THE_DAY, theatre.tick())
    theatre.now += KEPT / 2
    theatre.publication.roll_back(THE_DAY, theatre.tick())
    assert first not in history(theatre).expire(THE_DAY, theatre.now + KEPT - SECOND)
    assert first in history(theatre).expire(THE_DAY, theatre.now + KEPT)


def test_a_run_that_readers_of_one_table_see_is_not_removed(theatre: Theatre) -> None:
    crashed(theatre, "crash_after", 5, lambda: theatre.seal.seal(THE_DAY))
    shown = theatre.shown()
    assert history(theatre).expire(THE_DAY, theatre.now + 2 * KEPT) == []
    assert same(theatre.shown(), shown)
    theatre.seal.seal(THE_DAY)
    theatre.check_run()


@pytest.mark.parametrize("step", [1, 2])
def test_what_a_run_that_was_cut_off_left_is_removed_after_thirty_days(step: int, theatre: Theatre) -> None:
    crashed(theatre, "crash_after", step, lambda: theatre.seal.seal(THE_DAY))
    begun, day = theatre.now, THE_DAY
    assert len(list(theatre.stage.keys("reports/sealed/"))) == 1
    assert history(theatre).expire(day, begun + KEPT - 2 * SECOND) == []
    assert len(history(theatre).expire(day, begun + KEPT)) == 1
    assert not [key for key in theatre.stage.objects if "/sealed/" in key]


def test_a_run_of_an_old_day_that_is_being_built_is_left_alone(theatre: Theatre) -> None:
    theatre.now += 3 * KEPT
    crashed(theatre, "crash_after", 2, lambda: theatre.seal.seal(THE_DAY))
    assert history(theatre).expire(THE_DAY, theatre.now) == []
    theatre.seal.seal(THE_DAY)
    theatre.check_run()


def test_a_run_that_readers_are_being_sent_to_is_left_alone(theatre: Theatre) -> None:
    first, second = sealed_twice(theatre)
    crashed(
        theatre,
        "crash_before",
        len(theatre.stage.effects) + 2,
        lambda: theatre.publication.roll_back(THE_DAY, theatre.tick()),
    )
    assert theatre.publication.all_shown(THE_DAY) == {second}
    assert history(theatre).expire(THE_DAY, theatre.now + 2 * KEPT) == []
    assert theatre.publication.roll_back(THE_DAY, theatre.tick(), first) == first
    theatre.check_run()


def test_a_dry_run_that_readers_never_saw_is_kept_from_when_it_was_made(theatre: Theatre) -> None:
    theatre.seal.seal(THE_DAY)
    (dry,) = theatre.replay(usual()).replay(SPAN, dry_run=True)
    made_at = dry.manifest.made_at
    assert history(theatre).expire(THE_DAY, made_at + KEPT - SECOND) == []
    assert history(theatre).expire(THE_DAY, made_at + KEPT) == [dry.manifest.run]
    theatre.check_run()


def test_days_are_those_that_have_runs(theatre: Theatre) -> None:
    assert history(theatre).days() == []
    theatre.seal.seal(THE_DAY)
    theatre.stage.put_new("runs/dt=nonsense/x", b"", {})
    assert history(theatre).days() == [THE_DAY]
