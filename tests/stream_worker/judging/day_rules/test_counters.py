import math

import polars as pl
import pytest

from infra.fleets.draws import Draws
from schemas.tables import COUNTER_COLUMNS
from stream_worker.judging.day_rules.counters import Contradictions, contradictions, tails
from stream_worker.judging.thresholds import THRESHOLDS
from tests.support.worker.made_days import alike, reports

GREAT = THRESHOLDS.contradiction_calls_least
RATIO = THRESHOLDS.contradiction_ratio_least
MOST = THRESHOLDS.calls_a_day_most
FAR = THRESHOLDS.tail_least


def refused(counters: tuple[int, ...]) -> bool:
    """Return whether a report with these counters, alone on its day, breaks the rule."""
    day = alike(1, counters)
    return bool(contradictions(day, THRESHOLDS).broken(day).item())


@pytest.mark.parametrize(
    ("forged", "possible"),
    [
        ((0, GREAT, 0, 0, 0, 0), (0, GREAT - 1, 0, 0, 0, 0)),
        ((0, 0, 0, GREAT, 0, 0), (0, 0, 0, GREAT - 1, 0, 0)),
        ((0, 0, 0, 0, 0, GREAT), (0, 0, 0, 0, 0, GREAT - 1)),
        ((5, GREAT, 0, 0, 0, 0), (GREAT // RATIO, GREAT, 0, 0, 0, 0)),
        ((5, 5 * RATIO + GREAT, 0, 0, 0, 0), (0, 0, 5, 0, 0, GREAT - 1)),
        ((0, 0, 0, 0, GREAT, 0), (0, 0, 0, 0, GREAT - 1, 0)),
        ((GREAT // RATIO - 1, 0, 0, 0, GREAT, 0), (GREAT // RATIO, 0, 0, 0, GREAT, 0)),
        ((0, 0, 0, 9, GREAT, 0), (GREAT // RATIO - 9, 3, 3, 3, GREAT, 0)),
        ((0, 0, MOST, 0, 1, 0), (0, 0, MOST - 1, 0, 1, 0)),
    ],
)
def test_what_contradicts_itself_begins_at_the_thresholds(
    forged: tuple[int, ...], possible: tuple[int, ...]
) -> None:
    assert (refused(forged), refused(possible)) == (True, False)


def among(flood: int, small_failing: int = 0) -> Contradictions:
    """Examine a flood of failures among 50 great deployments and 99 small ones, of which some fail."""
    day = pl.concat(
        [
            alike(flood, (0, 5 * GREAT, 0, 0, 0, 0), seed=1),
            alike(50, (GREAT, 0, GREAT, 0, 0, 0), seed=2),
            alike(99 - small_failing, (9_000, 9, 9_000, 0, 0, 0), seed=3),
            alike(small_failing, (0, 9_000, 0, 0, 0, 0), seed=4),
        ]
    )
    return contradictions(day, THRESHOLDS)


def test_a_flood_is_twenty_times_what_small_deployments_lead_one_to_expect() -> None:
    fewest = math.ceil(50 * THRESHOLDS.contradiction_excess / 100)
    assert len(among(fewest)) == 1
    assert len(among(fewest - 1)) == 0


def test_where_small_deployments_fail_too_great_ones_may() -> None:
    fewest = math.ceil(50 * THRESHOLDS.contradiction_excess / 100)
    assert len(among(fewest, small_failing=1)) == 0
    assert len(among(2 * fewest, small_failing=1)) == 1


def test_a_trial_says_nothing_of_how_often_calls_fail() -> None:
    flood, trials = alike(9, (0, 5 * GREAT, 0, 0, 0, 0)), alike(9_000, (999, 0, 0, 0, 0, 0), seed=2)
    great = alike(50, (GREAT, 0, GREAT, 0, 0, 0), seed=3)
    assert len(contradictions(pl.concat([flood, great, trials]), THRESHOLDS)) == 0


def test_small_contradictory_deployments_are_kept_beside_a_flood() -> None:
    found = among(1_000, small_failing=9)
    assert len(found) == 1
    assert not found.broken(alike(9, (0, 9_000, 0, 0, 0, 0))).any()


def test_busy_and_failing_at_times_is_no_contradiction() -> None:
    draws = Draws(2_000, 7)
    calls = {name: draws.lognormal(14, 2).cast(pl.Int64) for name in COUNTER_COLUMNS[::2]}
    failures = {name: draws.lognormal(9, 3).cast(pl.Int64) for name in COUNTER_COLUMNS[1::2]}
    day = reports(2_000, **calls, **failures)
    found = contradictions(day, THRESHOLDS)
    assert len(found) == 0
    assert not found.broken(day).any()


def test_the_limit_of_all_calls_needs_no_evidence() -> None:
    found = contradictions(reports(0), THRESHOLDS)
    assert (len(found), found.applies) == (0, True)
    whole, part = MOST // 2, MOST - MOST // 2
    assert found.broken(alike(1, (whole, 0, part, 0, 1, 0))).all()
    assert not found.broken(alike(1, (whole, 0, part, 0, 0, 0))).any()


def tail(beyond: int, before: int, value: int = FAR, name: str = COUNTER_COLUMNS[2]) -> dict[str, int]:
    """Return from where on a tail is cut that has so many reports at `value`, and so many before it."""
    counts = [value] * beyond + [value // 2] * before + [value // 101] * 1_000
    return tails(reports(len(counts), **{name: counts}), THRESHOLDS).least


@pytest.mark.parametrize("name", COUNTER_COLUMNS)
def test_ten_reports_that_far_out_are_a_flood_and_nine_an_operators(name: str) -> None:
    fewest = THRESHOLDS.tail_reports_least
    assert tail(fewest, 0, name=name) == {name: FAR}
    assert tail(fewest - 1, 0, name=name) == {}


def test_what_is_not_so_far_out_is_no_flood() -> None:
    assert tail(1_000, 0, FAR - 1) == {}


@pytest.mark.parametrize("before", [1, 2, 7])
def test_a_flood_is_ten_times_what_is_in_the_two_orders_below(before: int) -> None:
    fewest = math.ceil(before * THRESHOLDS.tail_excess)
    assert tail(fewest, before) != {}
    assert tail(max(fewest, THRESHOLDS.tail_reports_least) - 1, before) == {}


@pytest.mark.parametrize(("value", "made_up"), [(FAR // 100, False), (FAR // 100 - 1, True)])
def test_two_orders_below_are_looked_at_and_no_more(value: int, *, made_up: bool) -> None:
    counts = [FAR] * THRESHOLDS.tail_reports_least + [value] * 2
    assert bool(tails(reports(len(counts), tokenize_success=counts), THRESHOLDS).least) is made_up


def test_a_tail_is_cut_where_it_grows_and_no_earlier() -> None:
    honest = [int(2 * FAR / 1.02**place) for place in range(400)]
    flood = [32 * FAR] * 1_500
    day = reports(len(honest + flood), tokenize_success=honest + flood)
    found = tails(day, THRESHOLDS)
    assert found.broken(day).sum() == len(flood)
    assert not found.broken(reports(len(honest), tokenize_success=honest)).any()


@pytest.mark.parametrize("shape", [0.3, 0.7, 1.5])
def test_a_heavy_tail_that_thins_out_is_no_flood(shape: float) -> None:
    counts = (Draws(5_000, 8).pareto(shape) * 1_000).clip(0, MOST).cast(pl.Int64)
    # The heaviest reaches the limit, where those that are cut there would be a flood.
    thin = counts.filter(counts < MOST // 4)
    assert len(tails(reports(len(thin), tokenize_success=thin), THRESHOLDS)) == 0
