"""Readers are pointed at whole generations alone, and two who point at once leave one of them."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from structlog.testing import capture_logs

from stream_worker.lake.expiry import run_expires
from stream_worker.lake.keys import LIVE
from stream_worker.process.errors import RefusedError
from stream_worker.publication.switch import Switch, way_back
from tests.support.worker.samples import SHARD, body, records
from tests.support.worker.sealing import SPAN, THE_DAY, Theatre, crashed, same, usual

if TYPE_CHECKING:
    from collections.abc import Callable


@pytest.fixture
def runs(theatre: Theatre) -> tuple[str, str]:
    """Two runs; readers see the second."""
    first = theatre.seal.seal(THE_DAY).manifest.run
    second = theatre.seal.seal(THE_DAY, anew=True).manifest.run
    theatre.stage.effects.clear()
    return first, second


def test_the_way_back_ends_at_live_and_any_run_can_be_named(theatre: Theatre, runs: tuple[str, str]) -> None:
    first, second = runs
    assert theatre.publication.roll_back(THE_DAY, theatre.tick()) == first
    assert theatre.publication.roll_back(THE_DAY, theatre.tick()) == LIVE
    with pytest.raises(RefusedError, match="nothing to go back from"):
        theatre.publication.roll_back(THE_DAY, theatre.tick())
    assert theatre.publication.roll_back(THE_DAY, theatre.tick(), second) == second
    theatre.check_run()
    assert [switch.why for switch in theatre.publication.switches(THE_DAY)] == ["seal"] * 2 + ["rollback"] * 3


@pytest.mark.parametrize("to", ["0123456789abcdef", "", "../live", "nothing"])
def test_a_run_that_is_not_there_is_refused(to: str, theatre: Theatre, runs: tuple[str, str]) -> None:
    with pytest.raises(RefusedError, match="has no run"):
        theatre.publication.roll_back(THE_DAY, theatre.tick(), to)
    assert theatre.publication.all_shown(THE_DAY) == {runs[1]}


@pytest.mark.parametrize("table", ["reports", "rejects"])
def test_a_run_that_is_half_gone_is_refused(table: str, theatre: Theatre, runs: tuple[str, str]) -> None:
    theatre.stage.delete(list(theatre.stage.keys(f"{table}/sealed/dt=2026-11-22/run={runs[0]}/")))
    with pytest.raises(RefusedError, match="not whole any more"):
        theatre.publication.roll_back(THE_DAY, theatre.tick())
    assert theatre.publication.all_shown(THE_DAY) == {runs[1]}
    assert theatre.stage.effects == []


def lose_rejects(theatre: Theatre, run: str) -> None:
    theatre.stage.delete(list(theatre.stage.keys(f"rejects/sealed/dt=2026-11-22/run={run}/")))


def test_a_run_whose_rejects_have_expired_is_shown_and_that_is_logged(
    theatre: Theatre, runs: tuple[str, str]
) -> None:
    lose_rejects(theatre, runs[0])
    made_at = {manifest.run: manifest.made_at for manifest in theatre.publication.manifests(THE_DAY)}
    with pytest.raises(RefusedError, match="not whole any more: rejects/"):
        theatre.publication.roll_back(THE_DAY, run_expires(made_at[runs[0]]) - timedelta(seconds=1))
    with capture_logs() as logged:
        assert theatre.publication.roll_back(THE_DAY, run_expires(made_at[runs[0]])) == runs[0]
    assert theatre.publication.all_shown(THE_DAY) == {runs[0]}
    assert (len(theatre.rows("reports")), len(theatre.rows("rejects"))) == (45, 0)
    (note,) = [line for line in logged if line["event"] == "rejects.expired"]
    assert (note["run"], note["objects"], note["rows"]) == (runs[0], 1, 12)


def test_reports_of_a_run_that_are_gone_are_refused_at_any_age(
    theatre: Theatre, runs: tuple[str, str]
) -> None:
    lose_rejects(theatre, runs[0])
    theatre.stage.delete(list(theatre.stage.keys(f"reports/sealed/dt=2026-11-22/run={runs[0]}/")))
    with pytest.raises(RefusedError, match="not whole any more: reports/"):
        theatre.publication.roll_back(THE_DAY, theatre.now + timedelta(days=400))
    assert theatre.publication.all_shown(THE_DAY) == {runs[1]}


def test_live_segments_that_have_expired_are_refused(theatre: Theatre, runs: tuple[str, str]) -> None:
    theatre.stage.delete(list(theatre.stage.keys("reports/live/")))
    with pytest.raises(RefusedError, match="no longer exist"):
        theatre.publication.roll_back(THE_DAY, theatre.tick(), LIVE)
    assert theatre.publication.all_shown(THE_DAY) == {runs[1]}


def test_after_a_seal_that_was_cut_off_between_the_tables_the_way_back_is_to_what_was(
    theatre: Theatre, runs: tuple[str, str]
) -> None:
    crashed(theatre, "crash_after", 5, lambda: theatre.seal.seal(THE_DAY, anew=True))
    assert len(theatre.publication.all_shown(THE_DAY)) == 2
    assert theatre.publication.roll_back(THE_DAY, theatre.tick()) == runs[1]
    theatre.check_run()


@pytest.mark.parametrize("complete", ["rollback", "seal"])
def test_a_rollback_that_was_cut_off_between_the_tables_is_completed(
    complete: str, theatre: Theatre, runs: tuple[str, str]
) -> None:
    crashed(theatre, "crash_after", 2, lambda: theatre.publication.roll_back(THE_DAY, theatre.tick()))
    assert theatre.publication.all_shown(THE_DAY) == set(runs)
    if complete == "rollback":
        assert theatre.publication.roll_back(THE_DAY, theatre.tick()) == runs[0]
    else:
        assert theatre.seal.seal(THE_DAY).manifest.run == runs[0]
    assert theatre.publication.all_shown(THE_DAY) == {runs[0]}


def interleaved(theatre: Theatre, step: int, other: Callable[[], object]) -> None:
    """Let another command run after so many switches of tables."""
    left = [step]

    def between() -> None:
        left[0] -= 1
        if left[0] == 0:
            other()

    theatre.catalog.between = between


@pytest.mark.parametrize("step", [1, 2])
def test_of_two_switches_at_once_the_later_one_wins_for_both_tables(
    step: int, theatre: Theatre, runs: tuple[str, str]
) -> None:
    first, _ = runs
    theatre.publication.show(THE_DAY, LIVE, "rollback", theatre.tick())
    interleaved(theatre, step, lambda: theatre.seal.seal(THE_DAY))
    again = theatre.seal.seal(THE_DAY, anew=True)
    assert theatre.publication.all_shown(THE_DAY) == {first}
    assert not again.switched
    theatre.check_run()


def test_a_machine_whose_clock_is_slow_can_point_readers_back(
    theatre: Theatre, runs: tuple[str, str]
) -> None:
    slow = theatre.now.replace(hour=1)
    assert theatre.publication.roll_back(THE_DAY, slow) == runs[0]
    assert theatre.publication.all_shown(THE_DAY) == {runs[0]}
    switches = theatre.publication.switches(THE_DAY)
    assert switches[-1].why == "rollback"
    assert [switch.at for switch in switches] == sorted(switch.at for switch in switches)


def test_a_run_that_expires_while_readers_are_sent_to_it_is_not_shown(
    theatre: Theatre, runs: tuple[str, str]
) -> None:
    first, second = runs
    prefixes = [f"runs/dt=2026-11-22/{first}", *(f"{one}/sealed/" for one in ("reports", "rejects"))]

    def expire() -> None:
        gone = [key for prefix in prefixes for key in theatre.stage.keys(prefix) if first in key]
        theatre.stage.delete(gone)

    interleaved(theatre, 2, expire)
    with pytest.raises(RefusedError, match="has no run"):
        theatre.publication.roll_back(THE_DAY, theatre.tick())
    assert theatre.publication.all_shown(THE_DAY) == {second}


def test_live_may_have_more_than_the_run_that_is_rolled_back(theatre: Theatre, runs: tuple[str, str]) -> None:
    live = theatre.fill({SHARD: [records([body(500)], first=900)]})
    assert theatre.publication.all_shown(THE_DAY) == {runs[1]}
    assert live.publication.roll_back(THE_DAY, theatre.tick(), LIVE) == LIVE
    assert len(theatre.rows("reports")) == 51
    assert theatre.publication.roll_back(THE_DAY, theatre.tick(), runs[0]) == runs[0]
    assert len(theatre.rows("reports")) == 45


def test_a_day_that_was_pointed_elsewhere_by_hand_shows_no_generation(theatre: Theatre) -> None:
    theatre.catalog.locations["reports", THE_DAY] = "s3://elsewhere/"
    assert theatre.publication.shown(THE_DAY) is None
    assert theatre.publication.all_shown(THE_DAY) == {None, LIVE}


def test_each_switch_is_noted_in_the_lake_as_json(theatre: Theatre) -> None:
    before = theatre.shown()
    run = theatre.seal.seal(THE_DAY).manifest.run
    (key,) = theatre.stage.keys("runs/dt=2026-11-22/switches/")
    note = json.loads(theatre.stage.get(key))
    assert {name: note[name] for name in ("why", "before", "after")} == {
        "why": "seal",
        "before": "live",
        "after": run,
    }
    theatre.publication.roll_back(THE_DAY, theatre.tick())
    assert same(theatre.shown(), before)


SEAL, BACK = "seal", "rollback"


@pytest.mark.parametrize(
    ("steps", "current", "before"),
    [
        ([], LIVE, None),
        ([(LIVE, "a", SEAL)], "a", LIVE),
        ([(LIVE, "a", SEAL)], LIVE, None),
        ([(LIVE, "a", SEAL)], "elsewhere", None),
        ([(LIVE, "a", SEAL)], None, None),
        ([(None, "a", SEAL)], "a", None),
        ([(LIVE, "a", SEAL), ("a", "b", "replay"), ("b", "a", BACK)], "a", LIVE),
        ([(LIVE, "a", SEAL), ("a", LIVE, BACK), (LIVE, "b", "replay"), ("b", "a", SEAL)], "a", "b"),
        ([(LIVE, "a", SEAL), ("a", "b", SEAL), ("b", "a", SEAL), ("a", "b", BACK)], "b", "a"),
        ([(LIVE, "a", SEAL), ("a", "b", SEAL), ("b", LIVE, BACK), (LIVE, "b", BACK)], "b", LIVE),
        # A switch that was noted and cut off before readers saw anything of it, then made again.
        ([(LIVE, "a", SEAL), ("a", "b", SEAL), ("a", "b", SEAL), ("b", "a", BACK)], "a", LIVE),
        # Somebody has pointed readers back without a note.
        ([(LIVE, "a", SEAL), (LIVE, "b", SEAL)], "b", LIVE),
    ],
)
def test_the_way_back_is_to_what_readers_saw_last(
    steps: list[tuple[str | None, str, str]], current: str | None, before: str | None, theatre: Theatre
) -> None:
    switches = [
        Switch(day=THE_DAY, at=theatre.tick(), why=why, before=was, after=after) for was, after, why in steps
    ]
    assert way_back(switches, current) == before


def test_rollback_goes_to_the_replay_that_a_seal_of_an_older_run_has_replaced(theatre: Theatre) -> None:
    first = theatre.seal.seal(THE_DAY).manifest.run
    theatre.publication.roll_back(THE_DAY, theatre.tick())
    (replayed,) = theatre.replay(usual()).replay(SPAN)
    assert theatre.seal.seal(THE_DAY).manifest.run == first
    assert theatre.publication.roll_back(THE_DAY, theatre.tick()) == replayed.manifest.run
    assert theatre.publication.all_shown(THE_DAY) == {replayed.manifest.run}
    assert theatre.publication.roll_back(THE_DAY, theatre.tick()) == LIVE


def test_rollback_of_a_run_that_a_dry_run_has_made_goes_to_what_readers_saw_last(theatre: Theatre) -> None:
    list(theatre.replay(usual()).replay(SPAN, dry_run=True))
    sealed = theatre.seal.seal(THE_DAY).manifest.run
    (replayed,) = theatre.replay(usual()).replay(SPAN)
    assert theatre.publication.all_shown(THE_DAY) == {replayed.manifest.run}
    assert theatre.publication.roll_back(THE_DAY, theatre.tick()) == sealed
