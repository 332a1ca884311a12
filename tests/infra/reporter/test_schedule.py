"""The minute to report at follows from the nonce alone, and spreads deployments over the day."""

from __future__ import annotations

import random
import uuid
from collections import Counter

import pytest

from infra.reporter.function.usage_reporter.schedule import FIRST, MINUTES, expression, minute_of


def nonces(count: int, seed: int) -> list[str]:
    bits = random.Random(seed)
    return [str(uuid.UUID(int=bits.getrandbits(128), version=4)) for _ in range(count)]


def test_the_same_nonce_has_the_same_minute_however_it_is_spelt() -> None:
    nonce = "3d9c49ce-8367-43ec-8884-568c8d43faec"
    assert minute_of(nonce) == minute_of(nonce.upper()) == 256
    assert expression(nonce) == "cron(16 4 * * ? *)"


@pytest.mark.parametrize(
    ("last", "cron"), [(0, "cron(20 0 * * ? *)"), (1399, "cron(39 23 * * ? *)"), (1400, "cron(20 0 * * ? *)")]
)
def test_no_report_is_sent_within_twenty_minutes_of_midnight(last: int, cron: str) -> None:
    assert expression(str(uuid.UUID(int=last))) == cron


def test_ten_thousand_deployments_are_spread_over_all_hours() -> None:
    minutes = Counter(minute_of(nonce) for nonce in nonces(10_000, seed=6))
    assert set(minutes) <= set(range(FIRST, FIRST + MINUTES))
    expected = 10_000 / MINUTES
    chi_square = sum((minutes[FIRST + n] - expected) ** 2 / expected for n in range(MINUTES))
    assert 1260 < chi_square < 1545, "1399 degrees of freedom: outside by chance once in some 200 seeds"
    hours = Counter(dict.fromkeys(range(24), 0))
    for minute, count in minutes.items():
        hours[minute // 60] += count
    full = 10_000 * 60 / MINUTES
    assert all(0.8 * full < hours[hour] < 1.2 * full for hour in range(1, 23))
    assert all(0.5 * full < hours[hour] < 0.9 * full for hour in (0, 23)), "forty minutes of these two"
