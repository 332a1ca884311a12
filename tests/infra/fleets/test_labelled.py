import polars as pl
import pytest

from infra.fleets import attacks, labelled
from schemas.tables import COUNTER_COLUMNS, REPORTS
from stream_worker.judging import fraud

FLEET = labelled.Fleet(5_000, 3)


@pytest.fixture(scope="module")
def honest() -> pl.DataFrame:
    return labelled.reports(FLEET)


@pytest.mark.parametrize("family", sorted(labelled.FAMILIES))
def test_a_fleet_is_the_same_for_the_same_seed_and_breaks_no_live_rule(family: str) -> None:
    day = labelled.reports(labelled.Fleet(2_000, 9, family))
    assert day.equals(labelled.reports(labelled.Fleet(2_000, 9, family)))
    assert not day["nonce"].equals(labelled.reports(labelled.Fleet(2_000, 10, family))["nonce"])
    assert day.schema == {**REPORTS.polars, "nonce": pl.UInt128(), "label": pl.String()}
    assert fraud.first_broken(day).null_count() == 2_000
    assert day.select(pl.min_horizontal(COUNTER_COLUMNS)).to_series().ge(0).all()


def test_the_shares_are_what_was_asked_for(honest: pl.DataFrame) -> None:
    idle = honest.filter(pl.sum_horizontal(COUNTER_COLUMNS) == 0)
    tutorials = honest.filter(pl.concat_list(COUNTER_COLUMNS) == list(FLEET.tutorial))
    assert 0.22 < len(idle) / 5_000 < 0.3
    assert 0.08 < len(tutorials) / 5_000 < 0.12
    assert honest["version"].value_counts().sort("count")["version"][-1] == "1.9.1"
    assert honest["arrived_at"].dt.date().unique().to_list() == [FLEET.day]
    assert honest["sequence_number"].is_unique().all()


def test_what_is_resent_is_the_same_report_later(honest: pl.DataFrame) -> None:
    again = labelled.resent(honest, 0.05, 1)
    both = again.join(honest, on="nonce")
    assert 200 < len(both) < 300
    assert (both["arrived_at"] > both["arrived_at_right"]).all()
    assert both.select(pl.all_horizontal(pl.col(n) == pl.col(f"{n}_right") for n in COUNTER_COLUMNS))[
        :, 0
    ].all()


@pytest.mark.parametrize("attack", sorted(attacks.ATTACKS))
def test_an_attack_is_labelled_and_fresh(honest: pl.DataFrame, attack: str) -> None:
    forged = attacks.forged(attack, honest, 300, 4)
    assert forged.schema == honest.schema
    assert forged["label"].unique().to_list() == [attack]
    assert forged["nonce"].is_unique().all()
    assert forged.join(honest, on="nonce").is_empty()
    assert forged.equals(attacks.forged(attack, honest, 300, 4))
