"""The list prices."""

from __future__ import annotations

import math

import pytest

from infra.cost.price import PRICES, Price

TIERED = Price("a", "a", "a", ((10, 0), (100, 2), (math.inf, 1)))


@pytest.mark.parametrize(("units", "usd"), [(0, 0), (10, 0), (11, 2), (100, 180), (110, 190)])
def test_each_tier_is_paid_at_its_own_price(units: float, usd: float) -> None:
    assert TIERED.of(units) == usd


@pytest.mark.parametrize("price", PRICES.values(), ids=PRICES)
def test_each_price_says_what_it_is_for_and_who_says_so(price: Price) -> None:
    assert price.unit
    assert price.source.startswith("https://aws.amazon.com/")
    limits = [limit for limit, _ in price.tiers]
    assert limits == sorted(limits)
    assert limits[-1] == math.inf
    assert all(usd >= 0 for _, usd in price.tiers)
    assert price.tiers[-1][1] > 0
