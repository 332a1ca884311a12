"""The bills: what they grow with, and what they leave out."""

from __future__ import annotations

import json
from itertools import pairwise

import pytest
from click.testing import CliRunner

from infra.cost import ours, rivals
from infra.cost.__main__ import main
from infra.cost.comparison import compare, shown, verdicts
from infra.cost.crossing import crossings
from infra.cost.load import Load
from infra.cost.sizing import deployment_for
from infra.deployment.choices import Deployment, read

DEFAULTS = read({})
WITH_DOMAIN = read({"metrics:domain_name": "metrics.example", "metrics:hosted_zone_id": "Z"})
MILLION = Load(10**6)


def told(*arguments: str) -> str:
    result = CliRunner().invoke(main, arguments)
    assert result.exit_code == 0, result.output
    return result.output


@pytest.mark.parametrize("chosen", [DEFAULTS, WITH_DOMAIN], ids=["no domain", "domain"])
def test_every_line_grows_with_the_reports(chosen: Deployment) -> None:
    bills = [compare(10**exponent, chosen).bills for exponent in range(4, 10)]
    for place in range(3):
        for smaller, larger in pairwise(bills):
            pairs = zip(smaller[place].lines, larger[place].lines, strict=True)
            assert all(little.usd <= much.usd * 1.0001 for little, much in pairs)


def test_a_bill_worked_out_by_hand() -> None:
    """One shard for 729.6 hours with a week's retention; 30.4 million records, each of one payload unit."""
    bill = ours.bill(MILLION, DEFAULTS)
    assert bill.part("stream") == pytest.approx(729.6 * (0.015 + 0.020) + 30.4 * 0.014, abs=0.01)
    # 256 units and 1 GiB on Arm, and an address.
    assert bill.part("worker") == pytest.approx(729.6 * (0.25 * 0.03238 + 0.00356 + 0.005))
    assert bill.part("firewall") == pytest.approx(5 + 2 * 1 + 30.4 * 0.60)


def test_the_rivals_bill_worked_out_by_hand() -> None:
    bill = rivals.rest(MILLION)
    assert bill.part("gateway") == pytest.approx(30.4 * 3.50)
    # Each record counts as 5 KB, whatever its length.
    assert bill.part("Firehose") == pytest.approx(30.4e6 * 5 * 1024 / 2**30 * (0.029 + 0.018))


def test_without_a_domain_cloudfront_is_paid_and_with_one_addresses_and_a_zone() -> None:
    without = {line.what for line in ours.bill(MILLION, DEFAULTS).lines}
    with_one = {line.what for line in ours.bill(MILLION, WITH_DOMAIN).lines}
    assert without - with_one == {"CloudFront", "its function", "reports to the origin"}
    assert with_one - without == {"its addresses", "zone"}


def test_a_day_of_retention_costs_nothing_more() -> None:
    short = DEFAULTS.model_copy(update={"retention_hours": 24})
    saved = ours.bill(MILLION, DEFAULTS).usd - ours.bill(MILLION, short).usd
    assert saved == pytest.approx(729.6 * 0.020)


@pytest.mark.parametrize(
    ("reports", "segments"),
    [
        # Each waits for a first report, then for a minute.
        (10**4, 86_400 / (60 + 8.64)),
        (10**6, 86_400 / (60 + 0.0864)),
        # 50,000 records are there sooner than a minute is over.
        (10**8, 10**8 / 50_000),
    ],
)
def test_segments_are_those_that_the_workers_limits_make(reports: int, segments: float) -> None:
    assert Load(reports).segments(1) == pytest.approx(segments)


@pytest.mark.parametrize(("reports", "shards"), [(10**4, 1), (4 * 10**7, 1), (10**8, 3), (10**9, 24)])
def test_shards_take_twice_the_mean_rate(reports: int, shards: int) -> None:
    assert Load(reports).shards == shards


def test_crossings_are_found_to_a_thousandth() -> None:
    assert crossings(lambda reports: reports, lambda _: 123_456.0) == [pytest.approx(123_456, rel=1e-3)]
    assert crossings(lambda _: 1, lambda _: 2) == []


def test_verdicts_agree_with_the_bills() -> None:
    """At the size that is named the cheaper one changes: looked at on both sides."""

    def cheaper(reports: float) -> bool:
        load = Load(reports)
        return ours.bill(load, deployment_for(load, DEFAULTS)).usd < rivals.rest(load).usd

    (size,) = crossings(
        lambda reports: ours.bill(Load(reports), deployment_for(Load(reports), DEFAULTS)).usd,
        lambda reports: rivals.rest(Load(reports)).usd,
    )
    assert not cheaper(size * 0.98)
    assert cheaper(size * 1.02)
    assert f"the cheaper one from {shown(size)} reports a day on" in verdicts(DEFAULTS)[0]


@pytest.mark.parametrize(("reports", "text"), [(1_123_456, "1,100,000"), (749_999, "750,000"), (42, "42")])
def test_sizes_are_told_with_two_digits(reports: float, text: str) -> None:
    assert shown(reports) == text


def test_the_command_prints_every_line_for_people() -> None:
    output = told("--reports", "1000000")
    for line in ours.bill(MILLION, DEFAULTS).lines:
        assert line.what in output
    assert "list prices of us-east-1 as published in" in output


def test_the_command_prints_everything_for_machines() -> None:
    document = json.loads(told("--json"))
    assert [size["reports"] for size in document["sizes"]] == [10**exponent for exponent in range(4, 10)]
    for size in document["sizes"]:
        for design in size["designs"]:
            assert design["usd"] == pytest.approx(sum(line["usd"] for line in design["lines"]), abs=0.02)
            assert all(line["source"].startswith("https://") for line in design["lines"])
        assert size["cheapest"] == min(size["designs"], key=lambda design: design["usd"])["design"]


def test_the_command_names_what_else_would_carry_the_load() -> None:
    output = told("--reports", "1000000", "--alternatives")
    assert "stream_mode on-demand" in output
    assert "worker_memory 512: too small" in output
    assert "NAT gateway" in output
