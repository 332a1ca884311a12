import polars as pl
import pytest

from schemas.tables import COUNTER_COLUMNS
from stream_worker.judging.day_rules import payloads
from tests.support.worker.made_days import alike, busy

COUNTERS = [pl.col(name) for name in COUNTER_COLUMNS]


def value(expression: pl.Expr, counters: tuple[int, ...]) -> float:
    return float(alike(1, counters).select(expression).item())


@pytest.mark.parametrize(
    ("counters", "bits"),
    [((0,) * 6, 0), ((1, 0, 0, 0, 0, 0), 1), ((7, 1, 3, 0, 0, 0), 6), ((1023, 0, 1023, 0, 0, 0), 20)],
)
def test_each_counter_takes_the_bits_that_its_size_takes(counters: tuple[int, ...], bits: int) -> None:
    assert value(payloads.bits(), counters) == bits


@pytest.mark.parametrize(
    ("counters", "least", "most"),
    [
        ((0,) * 6, 0, 0),
        ((1000, 0, 0, 0, 0, 0), 4, 5),
        ((1_000_000_000, 0, 0, 0, 0, 0), 4, 5),
        ((2000, 0, 2000, 0, 2000, 0), 4, 5),
        ((2000, 0, 3000, 0, 0, 0), 8, 9),
        ((1204, 0, 0, 0, 0, 0), 10, 11),
        ((1, 1, 1, 1, 1, 1), 1, 1),
        ((1204, 0, 1205, 0, 0, 0), 20, 21),
    ],
)
def test_round_and_equal_numbers_take_few_bits(counters: tuple[int, ...], least: float, most: float) -> None:
    assert least <= value(payloads.own_bits(), counters) <= most


BITS, CALLS = 16, 300


@pytest.mark.parametrize("counters", [(CALLS, 0, 0, 0, 0, 0), (200, 0, 0, 0, 0, 100), (15, 15, 15, 15, 0, 0)])
def test_few_bits_and_few_calls_tell_little(counters: tuple[int, ...]) -> None:
    assert not value(payloads.informative(COUNTER_COLUMNS, BITS, CALLS), counters)


@pytest.mark.parametrize(
    "counters", [(CALLS + 1, 0, 0, 0, 0, 0), (200, 0, 0, 0, 0, 101), (15, 15, 15, 15, 1, 0)]
)
def test_more_bits_or_more_calls_tell_much(counters: tuple[int, ...]) -> None:
    assert value(payloads.informative(COUNTER_COLUMNS, BITS, CALLS), counters)


def test_equal_payloads_have_equal_keys_and_different_ones_different_keys() -> None:
    day = busy(2_000)
    keys = payloads.keys(pl.concat([day, day.reverse()]), COUNTERS)
    assert keys.n_unique() == len(day)
    assert keys.head(len(day)).to_list() == keys.tail(len(day)).reverse().to_list()


def test_a_counter_more_or_in_another_place_is_another_key() -> None:
    made = [(1, 2, 3, 4, 5, 6), (2, 1, 3, 4, 5, 6), (1, 2, 3, 4, 6, 5), (1, 2, 3, 4, 5, 7), (0,) * 6]
    keys = payloads.keys(pl.concat([alike(1, counters) for counters in made]), COUNTERS)
    assert keys.n_unique() == len(made)


def test_a_key_is_the_same_in_every_process() -> None:
    # Parts of a day are examined against evidence that another process may have found.
    keys = payloads.keys(alike(1, (1204, 3, 877, 0, 12, 0)), COUNTERS)
    assert keys.to_list() == [by_hand([1204, 3, 877, 0, 12, 0])]
    differences = payloads.keys(alike(1, (5, 0, 3, 0, 0, 0)), [COUNTERS[2] - COUNTERS[0]])
    assert differences.to_list() == [by_hand([-2])]


def by_hand(integers: list[int]) -> int:
    """Return SplitMix64's finish over integers, in plain arithmetic."""
    key, word = 0, 1 << 64
    for integer in integers:
        key = ((key ^ integer % word) * 0xBF58476D1CE4E5B9 + 0x9E3779B97F4A7C15) % word
        key = (key ^ (key >> 29)) * 0xBF58476D1CE4E5B9 % word
        key ^= key >> 32
    return key
