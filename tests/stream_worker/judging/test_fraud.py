import dataclasses
import math
import random
import uuid
from fractions import Fraction

import polars as pl
import pytest

from schemas.tables import COUNTER_COLUMNS
from stream_worker.judging import fraud
from stream_worker.judging.seen import nonces
from stream_worker.judging.thresholds import THRESHOLDS
from tests.support.worker.samples import nonce


def rules_broken(stack_ids: list[str], calls: int = 7) -> list[str | None]:
    frame = pl.DataFrame({"stack_id": stack_ids}).with_columns(
        nonces(pl.col("stack_id")).alias("nonce"),
        *(pl.lit(calls).alias(column) for column in COUNTER_COLUMNS),
    )
    return fraud.first_broken(frame).to_list()


@pytest.mark.parametrize(
    "stack_id",
    [
        "00000000-0000-0000-0000-000000000000",
        "ffffffff-ffff-ffff-ffff-ffffffffffff",
        "00000000-0000-4000-8000-000000000001",
        "00000000-0000-4000-8000-0000deadbeef",
        "11111111-1111-4111-8111-111111111111",
        "11111111-2222-3333-4444-555555555555",
        "aaaaaaaa-bbbb-4ccc-8ddd-eeeeeeeeeeee",
        "abababab-abab-4bab-abab-abababababab",
        "deadbeef-dead-beef-dead-beefdeadbeef",
        "12345678-1234-1234-1234-123456789012",
        "12345678-1234-5678-1234-567812345678",
        "01234567-89ab-cdef-0123-456789abcdef",
        "01234567-89ab-4def-8123-456789abcdef",
        "fedcba98-7654-3210-fedc-ba9876543210",
        "11223344-5566-7788-99aa-bbccddeeff00",
        "a1b2c3d4-e5f6-7890-abcd-ef1234567890",
    ],
)
def test_a_nonce_that_was_typed_by_hand_is_fraud(stack_id: str) -> None:
    assert rules_broken([stack_id]) in (["nonce_repeats"], ["nonce_steps"])


def test_random_nonces_of_every_uuid_version_pass() -> None:
    rng = random.Random(7)
    random_ones = [
        str(uuid.UUID(int=rng.getrandbits(128), version=version)) for version in range(1, 6)
    ] * 5_000
    assert set(rules_broken([*random_ones, str(uuid.uuid1(node=0x123456789ABC, clock_seq=0x1234))])) == {None}


def tail(places: int, least: int) -> Fraction:
    """Return the probability that `least` of `places` random digits, or more, are a given one."""
    hits = Fraction(1, 16)
    return sum(
        (math.comb(places, n) * hits**n * (1 - hits) ** (places - n) for n in range(least, places + 1)),
        Fraction(),
    )


def test_the_reasons_figures_are_what_chance_gives() -> None:
    assert 6e10 < 1 / tail(24, THRESHOLDS.nonce_repeats_least) < 7e10
    assert (
        1 / (tail(30, THRESHOLDS.nonce_steady_steps_least) + tail(28, THRESHOLDS.nonce_steady_steps_least))
        > 1e10
    )


def test_counters_that_a_day_can_hold_pass_and_greater_ones_are_fraud() -> None:
    most = THRESHOLDS.calls_a_day_most
    assert rules_broken([nonce(1)], calls=most) == [None]
    assert rules_broken([nonce(1)], calls=most + 1) == ["counters_impossible"]


def test_every_rule_has_a_version_and_a_reason() -> None:
    assert len({rule.name for rule in fraud.RULES}) == len(fraud.RULES)
    assert all(rule.version >= 1 and len(rule.reason) > 20 for rule in fraud.RULES)


def test_other_thresholds_give_other_outcomes() -> None:
    stricter = dataclasses.replace(THRESHOLDS, calls_a_day_most=6)
    frame = pl.DataFrame({"stack_id": [nonce(1)]}).with_columns(
        nonces(pl.col("stack_id")).alias("nonce"), *(pl.lit(7).alias(column) for column in COUNTER_COLUMNS)
    )
    assert fraud.first_broken(frame).to_list() == [None]
    assert fraud.first_broken(frame, stricter).to_list() == ["counters_impossible"]
