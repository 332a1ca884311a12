"""The day-wide rules on days made by hand: each rule once, and what must not be taken for fraud."""

import polars as pl
import pytest

from infra.fleets import attacks, labelled
from infra.fleets.draws import Draws
from schemas.tables import COUNTER_COLUMNS
from stream_worker.judging import day_fraud
from tests.benchmarks.fraud_scores import AIMED_AT

FLEET = labelled.Fleet(20_000, 90_001)


def alike(rows: int, counters: tuple[int, ...], version: str = "2.0.0", seed: int = 5) -> pl.DataFrame:
    """Return reports that differ in nonce and time alone."""
    draws = Draws(rows, seed)
    frame = pl.DataFrame({"nonce": draws.nonces(), "moment": draws.uniform()}).with_columns(
        pl.lit(version).alias("version"),
        *(pl.lit(value).alias(name) for name, value in zip(COUNTER_COLUMNS, counters, strict=True)),
    )
    return labelled.arrived(frame, FLEET.day, "alike")


def rejected(day: pl.DataFrame) -> dict[str, int]:
    rules = day_fraud.first_broken(day, day_fraud.study(day)).drop_nulls()
    return dict(rules.value_counts().iter_rows())


@pytest.fixture(scope="module")
def honest() -> pl.DataFrame:
    return labelled.reports(FLEET)


@pytest.mark.parametrize("rows", [100, 10_000])
def test_idle_deployments_are_no_flood(honest: pl.DataFrame, rows: int) -> None:
    assert rejected(alike(rows, (0,) * 6)) == {}
    assert rejected(pl.concat([honest, alike(rows, (0,) * 6)])) == {}


@pytest.mark.parametrize("counters", [(4, 0, 2, 0, 2, 0), (12, 1, 30, 0, 3, 1), (100, 0, 100, 0, 10, 0)])
def test_those_who_ran_the_same_tutorial_are_no_flood(
    honest: pl.DataFrame, counters: tuple[int, ...]
) -> None:
    assert rejected(pl.concat([honest, alike(1_000, counters)])) == {}


@pytest.mark.parametrize("family", sorted(labelled.FAMILIES))
def test_a_launch_with_tenfold_growth_is_no_flood(family: str) -> None:
    assert rejected(labelled.reports(labelled.Fleet(100_000, 90_002, family, newcomers=0.9))) == {}


@pytest.mark.parametrize("version", ["2.0.1", "2.1.0", "3.0.0-rc.1", "3.0.0"])
@pytest.mark.parametrize("share", [0.02, 40.0])
def test_a_release_that_the_list_lacks_is_no_fraud(version: str, share: float) -> None:
    versions = labelled.RELEASES | {version: share}
    assert rejected(labelled.reports(labelled.Fleet(20_000, 90_003, versions=versions))) == {}


@pytest.mark.parametrize("share", [0.0002, 5.0])
def test_a_product_with_other_releases_than_the_lists_is_no_fraud(share: float) -> None:
    versions = {"6.1.0": 3.0, "6.4.2": share, "7.0.0": 40.0, "7.0.1": share, "7.2.0": 50.0}
    assert rejected(labelled.reports(labelled.Fleet(20_000, 90_004, versions=versions))) == {}


@pytest.mark.parametrize("rows", [0, 1, 10, 100])
def test_a_small_day_is_judged_too(honest: pl.DataFrame, rows: int) -> None:
    day = honest.head(rows)
    rules = day_fraud.first_broken(day, day_fraud.study(day))
    assert rules.dtype == pl.String()
    assert len(rules) == rules.null_count() == rows


@pytest.mark.parametrize(
    ("rule", "attack"), [(rule, attack) for rule, names in AIMED_AT.items() for attack in names[:1]]
)
def test_every_rule_finds_its_flood(honest: pl.DataFrame, rule: str, attack: str) -> None:
    day = pl.concat([honest, attacks.forged(attack, honest, 1_000, 90_005)])
    assert rejected(day).get(rule, 0) > 400


def test_fifty_of_one_payload_are_a_flood_but_for_the_first(honest: pl.DataFrame) -> None:
    assert rejected(pl.concat([honest, alike(50, (1204, 3, 877, 0, 12, 0))])) == {"payload_copied": 49}


def test_versions_do_not_hide_a_payload(honest: pl.DataFrame) -> None:
    day = pl.concat(
        [honest, *(alike(20, (1204, 3, 877, 0, 12, 0), f"1.{n}.0", n) for n in range(1, 6))]
    ).unique("nonce", maintain_order=True)
    assert rejected(day) == {"payload_copied": 99}


def test_ten_thousand_million_calls_of_all_kinds_are_too_many(honest: pl.DataFrame) -> None:
    # Alone, such a report is within the limit of each counter, and only the limit of all shows it.
    day = pl.concat([honest, alike(1, (9 * 10**9, 0, 9 * 10**9, 0, 0, 0))])
    assert rejected(day) == {"counters_contradict": 1}


def test_a_day_judged_in_parts_is_the_day_judged_whole(honest: pl.DataFrame) -> None:
    names = ("nonces by 1", "nonces with a suffix", "one payload", "jittered by 1 %", "random versions")
    day = pl.concat([honest, *(attacks.forged(name, honest, 500, 90_006) for name in names)])
    day = day.sample(fraction=1, shuffle=True, seed=1)
    evidence = day_fraud.study(day)
    parts = [day_fraud.first_broken(part, evidence) for part in day.iter_slices(1_777)]
    assert pl.concat(parts).equals(day_fraud.first_broken(day, evidence))
    assert day_fraud.study(day.sort("nonce")).summary() == evidence.summary()


@pytest.mark.parametrize("attack", ["nonces by 1", "nonces with a prefix", "one payload", "random versions"])
def test_a_quarter_of_the_day_shows_a_great_flood(honest: pl.DataFrame, attack: str) -> None:
    day = pl.concat([honest, attacks.forged(attack, honest, 2_000, 90_007)])
    quarter = day.filter(pl.col("stack_id").hash(1) % 4 == 0)
    rules = day_fraud.first_broken(day, day_fraud.study(quarter, 0.25))
    forged = day["label"] == attack
    assert rules.filter(forged).null_count() < 0.05 * 2_000
    assert len(rules.filter(~forged).drop_nulls()) <= 10


def test_reasons_and_counts_are_reported() -> None:
    assert len({rule.name for rule in day_fraud.RULES}) == len(day_fraud.RULES)
    assert all(rule.detail == f"{rule.name} v{rule.version}: {rule.reason}" for rule in day_fraud.RULES)
    summary = day_fraud.study(alike(3, (1, 0, 1, 0, 0, 0))).summary()
    assert summary == {"thresholds": 1, **{rule.name: 0 for rule in day_fraud.RULES}}
