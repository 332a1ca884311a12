"""What CloudWatch's reference says and the emulator does not do, played to botocore, which checks shapes."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest
from botocore.stub import ANY, Stubber

from infra.reporter.function.usage_reporter.counters import COUNTERS, IncompleteError, count
from infra.reporter.function.usage_reporter.day import Day
from tests.support.reporter.published import ZEROS

if TYPE_CHECKING:
    from mypy_boto3_cloudwatch import CloudWatchClient

DAY = Day.before(datetime(2026, 3, 5, 13, 7, tzinfo=UTC))
FIRST, *OTHERS = COUNTERS


def metric(counter: str, *values: str) -> dict[str, Any]:
    dimensions = [{"Name": "function", "Value": value} for value in values]
    return {"Namespace": "product", "MetricName": counter, "Dimensions": dimensions}


def result(number: int, *values: float, status: str = "Complete") -> dict[str, Any]:
    return {"Id": f"m{number}", "Values": list(values), "StatusCode": status}


class Play:
    """The answers to come, in order."""

    def __init__(self, client: CloudWatchClient) -> None:
        self.client = client
        self.stub = Stubber(client)

    def lists(self, *metrics: dict[str, Any]) -> None:
        """List these for the first counter, and nothing for the others."""
        for counter in COUNTERS:
            listed = metrics if counter == FIRST else ()
            asked = {"Namespace": "product", "MetricName": counter}
            self.stub.add_response("list_metrics", {"Metrics": list(listed)}, asked)

    def data(self, queries: object, *results: dict[str, Any], after: str = "", then: str = "") -> None:
        asked = {"MetricDataQueries": queries, "StartTime": DAY.start, "EndTime": DAY.end}
        answer = {"MetricDataResults": list(results)} | ({"NextToken": then} if then else {})
        self.stub.add_response("get_metric_data", answer, asked | ({"NextToken": after} if after else {}))

    def count(self) -> dict[str, int]:
        with self.stub:
            sums = count(self.client, "product", frozenset(), DAY)
            self.stub.assert_no_pending_responses()
        return sums


@pytest.fixture
def play(cloudwatch: CloudWatchClient) -> Play:
    return Play(cloudwatch)


def test_each_dimension_set_is_asked_for_as_a_daily_sum_even_the_empty_one(play: Play) -> None:
    play.lists(metric(FIRST), metric(FIRST, "a"))
    queries = [
        {"Id": f"m{n}", "MetricStat": {"Metric": asked, "Period": 86400, "Stat": "Sum"}}
        for n, asked in enumerate([metric(FIRST), metric(FIRST, "a")])
    ]
    play.data(queries, result(0, 5.0), result(1, 6.0))
    assert play.count() == ZEROS | {FIRST: 11}


def test_a_metric_that_two_pages_list_counts_once(play: Play) -> None:
    asked = {"Namespace": "product", "MetricName": FIRST}
    page = {"Metrics": [metric(FIRST, "a")], "NextToken": "more"}
    play.stub.add_response("list_metrics", page, asked)
    play.stub.add_response("list_metrics", {"Metrics": [metric(FIRST, "a")]}, asked | {"NextToken": "more"})
    for counter in OTHERS:
        play.stub.add_response("list_metrics", {"Metrics": []}, asked | {"MetricName": counter})
    play.data(ANY, result(0, 5.0))
    assert play.count() == ZEROS | {FIRST: 5}


def test_partial_data_goes_on_with_the_next_page(play: Play) -> None:
    play.lists(metric(FIRST, "a"), metric(FIRST, "b"))
    play.data(ANY, result(0, 1.0, status="PartialData"), then="more")
    play.data(ANY, result(0, 2.0), result(1, 4.0), after="more")
    assert play.count() == ZEROS | {FIRST: 7}


def test_no_query_asks_for_more_than_five_hundred(play: Play) -> None:
    play.lists(*(metric(FIRST, str(n)) for n in range(501)))
    play.data(ANY, *(result(n, 1.0) for n in range(500)))
    play.data(ANY, result(0, 1.0))
    assert play.count() == ZEROS | {FIRST: 501}


def test_what_is_listed_and_has_no_value_is_zero(play: Play) -> None:
    play.lists(metric(FIRST, "a"))
    play.data(ANY, result(0))
    assert play.count() == ZEROS


@pytest.mark.parametrize("status", ["InternalError", "Forbidden"])
def test_a_sum_that_lacks_something_is_none(play: Play, status: str) -> None:
    play.lists(metric(FIRST, "a"))
    play.data(ANY, result(0, status=status))
    with pytest.raises(IncompleteError, match=status):
        play.count()


def test_a_counter_is_never_below_zero(play: Play) -> None:
    play.lists(metric(FIRST, "a"))
    play.data(ANY, result(0, -3.0))
    assert play.count() == ZEROS
