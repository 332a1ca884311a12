"""The defaults of a deployment are the cheapest that carry a million reports a day."""

from __future__ import annotations

import pytest

from infra.cost import ours, sizing
from infra.cost.alternatives import Alternative, alternatives, networks
from infra.cost.load import Load
from infra.deployment.choices import Architecture, Deployment, StreamMode, read

MILLION = Load(10**6)
DEFAULTS = read({})


@pytest.fixture(scope="module")
def others() -> list[Alternative]:
    return list(alternatives(MILLION, DEFAULTS))


def test_the_defaults_carry_it_and_are_what_the_model_sizes() -> None:
    assert sizing.carries(DEFAULTS, MILLION)
    assert sizing.deployment_for(MILLION, DEFAULTS) == DEFAULTS


def test_every_other_choice_is_dearer_or_does_not_carry_it(others: list[Alternative]) -> None:
    usd = ours.bill(MILLION, DEFAULTS).usd
    assert [other.choice for other in others if other.carries and other.usd <= usd] == []


def test_what_is_cheaper_is_smaller_than_what_was_measured(others: list[Alternative]) -> None:
    """So the defaults leave nothing over: each next size down is one that does not carry it."""
    usd = ours.bill(MILLION, DEFAULTS).usd
    cheaper = {other.choice for other in others if other.usd < usd}
    assert "worker_cpu 256, worker_memory 512" in cheaper
    assert "days_cpu 1024, days_memory 3072" in cheaper


@pytest.mark.parametrize(
    "choice",
    [
        f"stream_mode {StreamMode.ON_DEMAND}",
        f"architecture {Architecture.X86_64}",
        "shards 2",
        "edge_tasks 2",
        "worker_tasks 2",
        "edge_cpu 256, edge_memory 1024",
        "worker_cpu 512, worker_memory 1024",
    ],
)
def test_the_choices_that_an_operator_may_think_of_were_looked_at(
    others: list[Alternative], choice: str
) -> None:
    assert choice in {other.choice for other in others}


def test_public_addresses_are_the_cheapest_way_to_aws() -> None:
    ways = networks(DEFAULTS)
    assert min(ways, key=lambda way: ways[way]) == "public addresses"


@pytest.mark.parametrize("exponent", range(4, 10))
def test_what_is_sized_carries_its_load(exponent: int) -> None:
    load = Load(10**exponent)
    assert sizing.carries(sizing.deployment_for(load, DEFAULTS), load)


def test_an_operators_other_choices_stay() -> None:
    chosen = DEFAULTS.model_copy(update={"retention_hours": 24, "architecture": Architecture.X86_64})
    sized: Deployment = sizing.deployment_for(Load(10**9), chosen)
    assert (sized.retention_hours, sized.architecture) == (24, Architecture.X86_64)
