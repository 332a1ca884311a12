import math
from itertools import count

import polars as pl
import pytest

from infra.fleets import labelled
from infra.fleets.draws import Draws
from schemas.tables import COUNTER_COLUMNS
from stream_worker.judging.day_rules.copies import VIEWS, copies
from stream_worker.judging.thresholds import THRESHOLDS
from tests.support.worker.made_days import Column, alike, busy, payload, reports

FEWEST = THRESHOLDS.copies_least
PAYLOAD = (1204, 3, 877, 1, 412, 2)


def found_views(day: pl.DataFrame) -> dict[str, int]:
    return {view.name: len(keys) for view, keys in copies(day, THRESHOLDS).keys.items()}


def test_twenty_of_one_payload_are_a_flood_but_for_the_first() -> None:
    honest, flood = busy(500), alike(FEWEST, PAYLOAD)
    found = copies(pl.concat([honest, flood]), THRESHOLDS)
    assert len(found) == 1
    assert found.broken(flood).to_list() == [False] + [True] * (FEWEST - 1)
    assert not found.broken(honest).any()


def test_nineteen_of_one_payload_are_an_operators_stacks() -> None:
    assert found_views(pl.concat([busy(500), alike(FEWEST - 1, PAYLOAD)])) == {}


def test_what_came_before_the_first_of_the_sample_is_kept_too() -> None:
    flood = alike(100, PAYLOAD)
    found = copies(flood[30:], THRESHOLDS)
    assert found.broken(flood).to_list() == [False] * 31 + [True] * 69


def shared(view: str, rows: int) -> pl.DataFrame:
    """Return reports that have in common what a view compares, and no more."""
    draws = Draws(rows, 9)
    random = [draws.integers(200, 90_000) for _ in COUNTER_COLUMNS]
    columns: list[Column]
    if view == "successes":
        columns = [PAYLOAD[0], random[1], PAYLOAD[2], random[3], PAYLOAD[4], random[5]]
    elif view == "differences":
        columns = [
            random[0] + PAYLOAD[place] if place % 2 == 0 else random[place] for place in range(len(PAYLOAD))
        ]
    else:
        free = view.removeprefix("all but ")
        columns = [
            random[place] if name == free else PAYLOAD[place] for place, name in enumerate(COUNTER_COLUMNS)
        ]
    return reports(rows, **payload(columns))


@pytest.mark.parametrize("view", [view.name for view in VIEWS])
def test_twenty_are_a_flood_whatever_they_have_in_common_and_nineteen_are_none(view: str) -> None:
    honest, flood = busy(500), shared(view, FEWEST)
    day = pl.concat([honest, flood])
    assert found_views(day) == {view: 1}
    found = copies(day, THRESHOLDS)
    # Only a whole payload can be one that was copied.
    kept = 1 if view == "all six counters" else 0
    assert found.broken(flood).sum() == FEWEST - kept
    assert not found.broken(honest).any()
    assert found_views(pl.concat([honest, flood.tail(FEWEST - 1)])) == {}


def test_a_trial_with_the_differences_of_a_flood_is_kept() -> None:
    draws = Draws(FEWEST, 9)
    random = [draws.integers(200, 90_000) for _ in COUNTER_COLUMNS]
    calls = THRESHOLDS.copies_calls_least // 2 + 1  # two differences from so many are more than a trial's
    shifted: list[Column] = [random[0] + calls, random[1], random[0], random[3], random[0], random[5]]
    flood, trials = reports(FEWEST, **payload(shifted)), alike(1_000, (calls, 0, 0, 0, 0, 0), seed=2)
    found = copies(pl.concat([busy(500), flood, trials]), THRESHOLDS)
    assert {view.name for view in found.keys} == {"differences"}
    assert found.broken(flood).all()
    assert not found.broken(trials).any()


@pytest.mark.parametrize("calls_in", range(6))
def test_few_bits_are_shared_by_many_up_to_the_calls_of_a_trial(calls_in: int) -> None:
    calls = [0] * 6
    calls[calls_in] = THRESHOLDS.copies_calls_least
    assert found_views(alike(1_000, calls)) == {}
    calls[calls_in] += 1
    assert found_views(alike(1_000, calls)) != {}


def test_few_calls_are_shared_by_many_up_to_the_bits_of_a_tutorial() -> None:
    calls = next(n for n in count() if 2 * math.log2(n + 1) + math.log2(11) > THRESHOLDS.copies_bits_least)
    assert 2 * calls + 10 < THRESHOLDS.copies_calls_least
    assert found_views(alike(1_000, (calls - 1, 0, calls - 1, 0, 10, 0))) == {}
    assert found_views(alike(1_000, (calls, 0, calls, 0, 10, 0))) == {"all six counters": 1}


@pytest.mark.parametrize(
    "counters", [(0,) * 6, (4, 0, 2, 0, 2, 0), (12, 1, 30, 0, 3, 1), (100, 0, 100, 0, 10, 0)]
)
def test_idle_deployments_and_a_tutorials_are_no_copies(counters: tuple[int, ...]) -> None:
    assert found_views(pl.concat([busy(500), alike(5_000, counters)])) == {}


def near(times: int, habits: int) -> pl.DataFrame:
    """Return so many payloads near the flood's, none that a view takes for it, each so many times."""
    made = [(1204 + place, 3, 877 + 2 * place, 1, 412 + 4 * place, 2) for place in range(1, habits + 1)]
    return pl.concat([alike(times, counters, seed=place) for place, counters in enumerate(made, 2)])


def test_a_flood_is_five_times_as_common_as_the_fourth_most_common_near_it() -> None:
    flood = alike(2 * FEWEST, PAYLOAD)
    usual = int(len(flood) / THRESHOLDS.copies_over_neighbours)
    assert found_views(pl.concat([flood, near(usual, 3)])) == {"all six counters": 1}
    assert found_views(pl.concat([flood, near(usual + 1, 3)])) == {}


def test_two_habits_near_a_flood_do_not_hide_it() -> None:
    # The three most common are passed over, so that a forger who copies three payloads hides none of them.
    assert found_views(pl.concat([alike(2 * FEWEST, PAYLOAD), near(FEWEST - 1, 2)])) == {
        "all six counters": 1
    }


def test_a_batchs_round_numbers_are_compared_with_other_round_numbers() -> None:
    batch = alike(2 * FEWEST, (2_000, 0, 2_000, 0, 0, 0))
    # They are nowhere near each other.
    other = alike(FEWEST, (700_000, 0, 700_000, 0, 0, 0), seed=2)
    assert found_views(pl.concat([batch, other])) == {}
    uneven = alike(FEWEST, (700_321, 5, 678_123, 0, 0, 0), seed=2)
    assert found_views(pl.concat([batch, uneven])) == {"all six counters": 2}


def test_versions_do_not_hide_a_payload() -> None:
    honest = labelled.reports(labelled.Fleet(20_000, 90_001))
    versions = [f"1.{place % 5}.0" for place in range(5 * FEWEST)]
    flood = reports(len(versions), version=versions, **payload(PAYLOAD))
    found = copies(pl.concat([honest, flood]), THRESHOLDS)
    assert found.broken(flood).sum() == len(flood) - 1
    assert not found.broken(honest).any()


@pytest.mark.parametrize("family", sorted(labelled.FAMILIES))
def test_an_honest_fleets_payloads_are_no_copies(family: str) -> None:
    assert found_views(labelled.reports(labelled.Fleet(5_000, 90_011, family))) == {}
