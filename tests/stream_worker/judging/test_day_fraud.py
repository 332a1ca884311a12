"""All day rules together, on honest fleets and on floods; `day_rules` tests each rule by itself."""

from pathlib import Path

import polars as pl
import pytest

from infra.fleets import attacks, labelled
from stream_worker.judging import day_fraud, day_rules
from tests.benchmarks.fraud_scores import AIMED_AT
from tests.support.worker.made_days import alike, busy

FLEET = labelled.Fleet(20_000, 90_001)


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


def test_a_rule_sees_the_day_without_what_the_rules_before_it_reject() -> None:
    # The version is neither listed nor near one that is, and only the flood makes it look broadly run.
    version, honest, flood = "2.60.0", busy(500, 2), busy(50, 3, version="2.60.0")
    counted = pl.Series([flood["nonce"][0] + place for place in range(len(flood))], dtype=pl.UInt128)
    one = busy(1, 4, version=version)
    assert rejected(pl.concat([honest, flood, one])) == {}
    day = pl.concat([honest, flood.with_columns(nonce=counted), one])
    assert rejected(day) == {"nonce_sequence": len(flood), "version_made_up": 1}


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


def test_every_file_of_rules_has_a_test_of_its_own() -> None:
    rules = {path.stem for path in Path(day_rules.__file__).parent.glob("*.py")} - {"__init__", "finding"}
    tests = {path.stem for path in (Path(__file__).parent / "day_rules").glob("test_*.py")}
    assert tests == {f"test_{name}" for name in rules}


def test_reasons_and_counts_are_reported() -> None:
    assert len({rule.name for rule in day_fraud.RULES}) == len(day_fraud.RULES)
    assert all(rule.detail == f"{rule.name} v{rule.version}: {rule.reason}" for rule in day_fraud.RULES)
    summary = day_fraud.study(alike(3, (1, 0, 1, 0, 0, 0))).summary()
    assert summary == {"thresholds": 1, **{rule.name: 0 for rule in day_fraud.RULES}}
