import polars as pl
import pytest

from infra.fleets.draws import Draws
from stream_worker.judging.day_rules.sequences import sequences
from stream_worker.judging.thresholds import THRESHOLDS
from tests.support.worker.made_days import reports

FEWEST = THRESHOLDS.sequence_steps_least + 1
"""Nonces that are so many steps apart."""

FIRST = 0x3D9C49CE_8367_43EC_8884_568C8D43FAEC
GREAT = 0x9E3779B97F4A7C15F39CC0605CEDC835
STEPS = [1, 2, 3 << 40, GREAT, GREAT - 1]


def counted(rows: int, step: int, first: int = FIRST) -> pl.DataFrame:
    """Return reports whose nonces were made by counting, and that come in this order."""
    nonces = [(first + place * step) % (1 << 128) for place in range(rows)]
    return reports(rows, nonce=nonces, moment=[0.1 + place / 1e6 for place in range(rows)])


@pytest.mark.parametrize("step", STEPS)
def test_five_equal_steps_are_a_sequence_whatever_the_step(step: int) -> None:
    flood = counted(FEWEST, step)
    found = sequences(flood, THRESHOLDS)
    assert len(found) == 1
    assert found.broken(flood).all()


@pytest.mark.parametrize("step", STEPS)
def test_four_equal_steps_are_none(step: int) -> None:
    assert len(sequences(counted(FEWEST - 1, step), THRESHOLDS)) == 0


def test_random_nonces_are_no_sequence() -> None:
    honest = reports(5_000)
    found = sequences(honest, THRESHOLDS)
    assert len(found) == 0
    assert not found.broken(honest).any()


@pytest.mark.parametrize("step", STEPS)
def test_a_sequence_among_others_is_found_without_them(step: int) -> None:
    honest, flood = reports(500), counted(FEWEST, step)
    found = sequences(pl.concat([honest, flood]), THRESHOLDS)
    assert found.broken(flood).all()
    assert not found.broken(honest).any()


def test_a_sequence_that_comes_in_any_order_is_found_by_size() -> None:
    honest = reports(500)
    flood = reports(FEWEST, nonce=[FIRST + 7 * place for place in (3, 0, 5, 1, 4, 2)])
    found = sequences(pl.concat([honest, flood]), THRESHOLDS)
    assert found.broken(flood).all()
    assert not found.broken(honest).any()


def test_a_sequence_goes_on_past_the_greatest_nonce() -> None:
    flood = counted(FEWEST, 1 << 16, (1 << 128) - (2 << 16))
    assert sequences(flood, THRESHOLDS).broken(flood).all()


def test_each_of_several_sequences_is_found() -> None:
    floods = [counted(20, 1 << bits, 10**30 * bits) for bits in (0, 9, 50)]
    found = sequences(pl.concat(floods), THRESHOLDS)
    assert len(found) == len(floods)
    assert all(found.broken(flood).all() for flood in floods)


def test_the_sample_shows_what_is_in_the_rest_of_the_day_too() -> None:
    flood = counted(1_000, GREAT)
    found = sequences(flood.head(FEWEST), THRESHOLDS)
    assert found.broken(flood).all()


def test_a_nonce_between_two_of_a_sequence_is_not_in_it() -> None:
    found = sequences(counted(FEWEST, 64), THRESHOLDS)
    between = reports(63, nonce=[FIRST + place for place in range(1, 64)])
    assert not found.broken(between).any()


def test_nonces_that_are_unevenly_near_are_no_sequence() -> None:
    steps = Draws(500, 3).integers(1, 1 << 40).unique(maintain_order=True)
    near = reports(len(steps), nonce=[FIRST + total for total in steps.cum_sum()])
    assert len(sequences(near, THRESHOLDS)) == 0


def test_a_nonce_that_comes_twice_is_no_sequence() -> None:
    assert len(sequences(reports(20, nonce=[FIRST] * 20), THRESHOLDS)) == 0
