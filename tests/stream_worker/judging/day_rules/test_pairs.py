import polars as pl
import pytest

from infra.fleets import labelled
from infra.fleets.draws import Draws
from schemas.tables import COUNTER_COLUMNS
from stream_worker.judging.day_rules import payloads
from stream_worker.judging.day_rules.pairs import Pairs, pairs
from stream_worker.judging.thresholds import THRESHOLDS
from tests.support.worker.made_days import busy, reports

FEWEST = THRESHOLDS.pairs_least
BITS = THRESHOLDS.pairs_bits_least
LATE = 0.9
"""When copies come: all their models came before."""


def models(rows: int) -> pl.DataFrame:
    return busy(rows, 21, moment=Draws(rows, 22).uniform() * LATE)


def copied(those: pl.DataFrame, since: float = LATE) -> pl.DataFrame:
    """Return the payloads under nonces of their own, some time after this part of the day."""
    moments = Draws(len(those), 23).uniform() * (1 - since) + since
    return reports(len(those), 24, moment=moments, **{name: those[name] for name in COUNTER_COLUMNS})


def found_among(honest: int, copies: int) -> Pairs:
    """Examine so many honest reports, so many of which come again late in the day."""
    those = models(copies)
    return pairs(pl.concat([busy(honest - copies), those, copied(those)]), THRESHOLDS)


def test_a_hundred_late_copies_are_found_and_the_first_is_kept() -> None:
    those = models(FEWEST)
    honest, flood = busy(2_000), copied(those)
    found = pairs(pl.concat([honest, those, flood]), THRESHOLDS)
    assert len(found) == FEWEST
    assert found.broken(flood).all()
    assert not found.broken(pl.concat([honest, those])).any()


def test_fewer_pairs_are_an_operators_stacks() -> None:
    assert len(found_among(2_000, FEWEST - 1)) == 0


def test_a_hundredth_of_what_tells_much_is_the_fewest_on_a_large_day() -> None:
    fewest = 2 * FEWEST
    honest = round(fewest / THRESHOLDS.pairs_share_least) - fewest
    assert len(found_among(honest, fewest)) == fewest
    assert len(found_among(honest + 1, fewest)) == 0


def test_those_that_tell_little_do_not_count_among_the_day() -> None:
    those = models(FEWEST)
    idle = reports(20_000, 3)
    assert len(pairs(pl.concat([busy(2_000), those, copied(those), idle]), THRESHOLDS)) == FEWEST


def test_equal_reports_that_come_at_any_time_are_not_copies() -> None:
    those = busy(3 * FEWEST, 21)
    assert len(pairs(pl.concat([busy(2_000), those, copied(those, 0.0)]), THRESHOLDS)) == 0


def test_equal_reports_that_come_early_are_not_copies() -> None:
    those = busy(3 * FEWEST, 21, moment=Draws(3 * FEWEST, 22).uniform() / 4)
    again = copied(those, 0.0)
    early = again.with_columns(
        pl.col("arrived_at").min() + (pl.col("arrived_at") - pl.col("arrived_at").min()) / 4
    )
    assert len(pairs(pl.concat([busy(2_000), those, early.cast(again.schema)]), THRESHOLDS)) == 0


def small(rows: int, most: int) -> pl.DataFrame:
    """Return so many different payloads of three numbers below `most`."""
    numbers = Draws(rows * 3, 31).integers(0, most**3 - 1).unique(maintain_order=True).head(rows)
    assert len(numbers) == rows
    parts = [numbers // most**place % most + most // 2 for place in range(3)]
    moments = Draws(rows, 22).uniform() * LATE
    return reports(rows, 33, moment=moments, **dict(zip(COUNTER_COLUMNS[::2], parts, strict=True)))


def bits(day: pl.DataFrame) -> pl.Series:
    return day.select(payloads.own_bits()).to_series()


def test_pairs_of_what_tells_little_are_chance() -> None:
    those = small(3 * FEWEST, 30)
    assert (bits(those) < BITS).all()
    assert len(pairs(pl.concat([busy(2_000), those, copied(those)]), THRESHOLDS)) == 0


def test_pairs_that_more_bits_make_disappear_are_chance() -> None:
    those = small(3 * FEWEST, 100)
    those = those.filter(bits(those) >= BITS)
    assert len(those) > 2 * FEWEST
    assert (bits(those) < BITS + 6).all()
    assert len(pairs(pl.concat([busy(2_000), those, copied(those)]), THRESHOLDS)) == 0


def test_pairs_that_are_as_common_with_more_bits_are_copies() -> None:
    little = small(9 * FEWEST, 100)
    little = little.filter(bits(little) >= BITS)
    paired = len(little) // 3
    those = pl.concat([little.head(paired), models(10 * FEWEST)])
    honest = pl.concat([little.tail(-paired), busy(20 * FEWEST)])
    flood = copied(those)
    found = pairs(pl.concat([honest, those, flood]), THRESHOLDS)
    assert found.broken(flood).all()
    assert not found.broken(pl.concat([honest, those])).any()


def test_what_the_sample_shows_is_rejected_in_the_rest_of_the_day() -> None:
    those = models(FEWEST)
    found = pairs(pl.concat([busy(2_000), those, copied(those)]), THRESHOLDS)
    again = reports(FEWEST, 25, moment=0.999, **{name: those[name] for name in COUNTER_COLUMNS})
    before = reports(FEWEST, 26, moment=0.0, **{name: those[name] for name in COUNTER_COLUMNS})
    assert found.broken(again).all()
    assert not found.broken(before).any()


@pytest.mark.parametrize("family", sorted(labelled.FAMILIES))
def test_an_honest_fleets_payloads_are_no_copies(family: str) -> None:
    assert len(pairs(labelled.reports(labelled.Fleet(5_000, 90_012, family)), THRESHOLDS)) == 0
