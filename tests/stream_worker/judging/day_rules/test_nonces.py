import math
import random

import polars as pl
import pytest

from infra.fleets.draws import Draws
from stream_worker.judging.day_rules.nonces import (
    REGULARITIES,
    WINDOWS,
    Window,
    least_beyond_chance,
    regular,
    shared_digits,
)
from stream_worker.judging.thresholds import THRESHOLDS
from tests.support.worker.made_days import reports

HONEST = 1_000
FEWEST = THRESHOLDS.nonces_alike_least


def name(window: Window) -> str:
    return f"{window.length} from {16 * window.half + window.first}"


def sharing(window: Window, rows: int) -> pl.DataFrame:
    """Return reports whose nonces agree on the window's digits, and on no others."""
    first = 16 * window.half + window.first
    texts = [f"{nonce:032x}" for nonce in Draws(rows, 77).nonces()]
    digits = "c0ffee01beef"[: window.length]
    nonces = [int(text[:first] + digits + text[first + window.length :], 16) for text in texts]
    return reports(rows, nonce=nonces)


def enough(window: Window, nonces: int) -> int:
    return least_beyond_chance(nonces * 2.0**-window.bits, window.bits * math.log(2), THRESHOLDS)


@pytest.mark.parametrize("window", WINDOWS, ids=name)
def test_digits_that_too_many_share_are_found_and_no_honest_nonce_with_them(window: Window) -> None:
    honest = reports(HONEST)
    fewest = enough(window, HONEST + FEWEST)
    flood = sharing(window, fewest)
    found = shared_digits(pl.concat([honest, flood]), THRESHOLDS)
    assert found.broken(flood).all()
    assert not found.broken(honest).any()
    assert len(shared_digits(pl.concat([honest, flood.head(fewest - 1)]), THRESHOLDS)) == 0


def test_five_are_the_fewest_whatever_the_chance() -> None:
    window = WINDOWS[0]
    assert enough(window, HONEST) == FEWEST
    assert len(shared_digits(sharing(window, FEWEST), THRESHOLDS)) == 1
    assert len(shared_digits(sharing(window, FEWEST - 1), THRESHOLDS)) == 0


@pytest.mark.parametrize("seed", range(5))
def test_random_nonces_share_and_repeat_no_more_than_chance(seed: int) -> None:
    honest = reports(3_000, seed)
    for found in (shared_digits(honest, THRESHOLDS), regular(honest, THRESHOLDS)):
        assert len(found) == 0
        assert not found.broken(honest).any()


@pytest.mark.parametrize("window", WINDOWS, ids=name)
def test_the_digits_of_version_variant_and_time_do_not_count_as_random(window: Window) -> None:
    first = 16 * window.half + window.first
    assert window.bits == 4 * len(set(range(first, first + window.length)) - {12, 13, 14, 15, 16})


def test_of_long_and_short_runs_the_longest_is_the_evidence() -> None:
    # The short ones would take in the honest nonces that agree with the flood on four digits.
    found = shared_digits(pl.concat([reports(HONEST), sharing(WINDOWS[0], 200)]), THRESHOLDS)
    assert list(found.values) == [WINDOWS[0]]
    assert len(found) == 1


def test_the_sample_shows_what_the_rest_of_the_day_shares() -> None:
    flood = sharing(WINDOWS[2], 500)
    assert shared_digits(flood.head(FEWEST), THRESHOLDS).broken(flood).all()


@pytest.mark.parametrize("expected", [1.0, 20.0, 1_000.0])
def test_of_the_rejected_nonces_half_a_percent_are_honest_at_most(expected: float) -> None:
    assert least_beyond_chance(expected, 0, THRESHOLDS) == math.ceil(expected * THRESHOLDS.excess_least)


@pytest.mark.parametrize("expected", [1e-12, 1e-4, 0.01, 0.02])
@pytest.mark.parametrize("cases", [1, 352, 65_536])
def test_a_day_of_random_nonces_reaches_the_least_count_less_often_than_allowed(
    expected: float, cases: int
) -> None:
    least = least_beyond_chance(expected, math.log(cases), THRESHOLDS)
    tail = sum(math.exp(-expected) * expected**n / math.factorial(n) for n in range(least, least + 50))
    assert least >= FEWEST
    assert cases * tail <= THRESHOLDS.chance_most


def test_what_chance_never_makes_needs_only_the_fewest() -> None:
    assert least_beyond_chance(0.0, 40, THRESHOLDS) == FEWEST


def decimals(_: int, made: random.Random) -> str:
    return "".join(made.choices("0123456789", k=32))


def commonest(_: int, made: random.Random) -> str:
    places = set(made.sample(range(32), 20))
    return "".join("7" if place in places else made.choice("012345689abcdef") for place in range(32))


def repeating(distance: int, made: random.Random) -> str:
    part = "".join(made.choices("0123456789abcdef", k=distance))
    return (part * 32)[:32]


MADE = {
    "decimal": (decimals, 0),
    "commonest": (commonest, 0),
    **{f"repeats at {distance}": (repeating, distance) for distance in (1, 2, 3, 4, 5, 6, 8, 12, 16)},
}


def texts(kind: str, rows: int) -> list[str]:
    made = random.Random(kind)
    make, distance = MADE[kind]
    return [make(distance, made) for _ in range(rows)]


def regular_ones(kind: str, rows: int) -> pl.DataFrame:
    return reports(rows, nonce=[int(text, 16) for text in texts(kind, rows)])


def test_every_regularity_is_tried() -> None:
    assert MADE.keys() == REGULARITIES.keys()


@pytest.mark.parametrize("kind", MADE)
def test_regular_nonces_are_found_from_five_on_and_no_honest_one_with_them(kind: str) -> None:
    honest, flood = reports(HONEST), regular_ones(kind, FEWEST)
    found = regular(pl.concat([honest, flood]), THRESHOLDS)
    assert kind in found.least
    assert found.broken(flood).all()
    assert not found.broken(honest).any()
    fewer = regular(pl.concat([honest, flood.head(FEWEST - 1)]), THRESHOLDS)
    assert len(fewer) == 0


def count_by_hand(kind: str, text: str) -> int:
    if kind == "decimal":
        return sum(digit.isdecimal() for digit in text)
    if kind == "commonest":
        return max(map(text.count, text))
    _, distance = MADE[kind]
    return sum(one == other for one, other in zip(text, text[distance:], strict=False))


@pytest.mark.parametrize("kind", MADE)
def test_the_regular_digits_are_counted_as_by_hand(kind: str) -> None:
    honest = [f"{nonce:032x}" for nonce in reports(300)["nonce"]]
    several = [*honest, *texts(kind, 20), "0" * 32, "f" * 32, "0123456789abcdef" * 2]
    nonces = pl.Series("nonce", [int(text, 16) for text in several], dtype=pl.UInt128)
    counted = REGULARITIES[kind].count(nonces).to_list()
    assert counted == [count_by_hand(kind, text) for text in several]


@pytest.mark.parametrize("kind", MADE)
def test_random_nonces_are_no_more_regular_than_is_expected(kind: str) -> None:
    counts = REGULARITIES[kind].count(reports(20_000)["nonce"])
    for least in range(33):
        expected = REGULARITIES[kind].expected(20_000, least)
        assert (counts >= least).sum() <= expected + 6 * math.sqrt(expected) + 1
