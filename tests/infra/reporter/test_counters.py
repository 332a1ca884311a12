"""The day's sums on the emulated CloudWatch.

moto leaves the namespace out of account when it is asked for a metric with dimensions, so no two namespaces
have the same values of dimensions here. What else it does otherwise is in `test_counters_documented`.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import orjson
import pytest

from infra.reporter.function.usage_reporter.counters import COUNTERS
from infra.reporter.function.usage_reporter.day import Day
from schemas.report import SCHEMA
from tests.support.reporter.published import ZEROS, Published

if TYPE_CHECKING:
    from mypy_boto3_cloudwatch import CloudWatchClient

DAY = Day.before(datetime(2026, 3, 5, 13, 7, tzinfo=UTC))
ALL: frozenset[frozenset[str]] = frozenset()


@pytest.fixture
def product(cloudwatch: CloudWatchClient, fresh_name: str) -> Published:
    return Published(cloudwatch, fresh_name, DAY)


def test_the_counters_are_those_of_the_schema() -> None:
    assert set(COUNTERS) == set(SCHEMA["properties"]["metrics"]["required"])


def test_all_dimensions_of_a_counter_are_added_up(product: Published) -> None:
    product.put("tokenizeSuccess", 3, 4, function="a")
    product.put("tokenizeSuccess", 5, function="b")
    product.put("tokenizeSuccess", 100, function="b", stage="x")
    product.put("createGrantFailure", 7, tenant="t")
    assert product.count() == ZEROS | {"tokenizeSuccess": 112, "createGrantFailure": 7}


def test_a_counter_without_dimensions_counts(product: Published) -> None:
    product.put("detokenizeFailure", 2, 3)
    assert product.count() == ZEROS | {"detokenizeFailure": 5}


def test_nothing_published_is_six_zeros(product: Published) -> None:
    sums = product.count()
    assert sums == ZEROS
    assert all(type(value) is int for value in sums.values())


def test_sums_are_whole_numbers(product: Published) -> None:
    product.put("tokenizeSuccess", 0.1, 0.2, 0.7, function="a")
    sums = product.count()
    assert sums["tokenizeSuccess"] == 1
    assert type(sums["tokenizeSuccess"]) is int


def test_the_day_is_from_midnight_to_midnight(product: Published) -> None:
    instant = timedelta(seconds=1)
    product.put("tokenizeSuccess", 1, at=DAY.start, function="a")
    product.put("tokenizeSuccess", 10, at=DAY.end - instant, function="a")
    product.put("tokenizeSuccess", 1000, at=DAY.start - instant, function="a")
    product.put("tokenizeSuccess", 1000, at=DAY.end, function="a")
    product.put("tokenizeFailure", 1000, at=DAY.start - timedelta(days=1), function="b")
    assert product.count() == ZEROS | {"tokenizeSuccess": 11}


def test_other_namespaces_and_names_are_not_counted(product: Published) -> None:
    product.put("tokenizeSuccess", 1, function="a")
    product.put("tokenize", 1000, function="c")
    product.put("TokenizeSuccess", 1000, function="d")
    Published(product.client, f"{product.namespace}/other", DAY).put("tokenizeSuccess", 1000, function="e")
    assert product.count() == ZEROS | {"tokenizeSuccess": 1}


def test_more_metrics_than_a_page_and_than_a_query_holds(product: Published) -> None:
    product.put_many("tokenizeSuccess", range(1, 1204))
    product.put("createGrantSuccess", 9, function="last")
    assert product.count() == ZEROS | {"tokenizeSuccess": 1203 * 1204 // 2, "createGrantSuccess": 9}


def test_named_dimension_sets_keep_roll_ups_out(product: Published) -> None:
    product.put("tokenizeSuccess", 3, service="s", function="a")
    product.put("tokenizeSuccess", 4, service="s", function="b")
    product.put("tokenizeSuccess", 7, service="s")
    product.put("detokenizeSuccess", 5, service="s", function="a")
    leaves = frozenset({frozenset({"service", "function"})})
    assert product.count(leaves) == ZEROS | {"tokenizeSuccess": 7, "detokenizeSuccess": 5}
    assert product.count(frozenset({frozenset({"service"})})) == ZEROS | {"tokenizeSuccess": 7}
    both = leaves | {frozenset({"service"})}
    assert product.count(both) == product.count() == ZEROS | {"tokenizeSuccess": 14, "detokenizeSuccess": 5}


def test_what_looks_rolled_up_is_said_by_the_names_of_its_dimensions(
    product: Published, capsys: pytest.CaptureFixture[str]
) -> None:
    product.put("tokenizeSuccess", 3, service="s", function="a")
    product.put("tokenizeSuccess", 3, service="s")
    product.count()
    assert orjson.loads(capsys.readouterr().out) == {
        "level": "warning",
        "event": "counters.maybe_rolled_up",
        "dimension_sets": [["service"]],
    }
    product.count(frozenset({frozenset({"service"})}))
    assert capsys.readouterr().out == ""


def test_dimension_sets_that_nothing_has_are_said(
    product: Published, capsys: pytest.CaptureFixture[str]
) -> None:
    product.put("tokenizeSuccess", 3, service="s", function="a")
    assert product.count(frozenset({frozenset({"Service"})})) == ZEROS
    assert orjson.loads(capsys.readouterr().out) == {
        "level": "warning",
        "event": "counters.none_match",
        "found": [["function", "service"]],
        "wanted": [["Service"]],
    }
