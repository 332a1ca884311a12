"""The six counters: CloudWatch's metrics of the same names, summed over a day and over their dimensions.

To CloudWatch each set of dimension values is a metric of its own; asked for a name without dimensions it
answers with the metric that has none, and adds nothing up. So the metrics are listed, and each is asked for.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import fsum
from typing import TYPE_CHECKING, Final

from . import log

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from mypy_boto3_cloudwatch import CloudWatchClient
    from mypy_boto3_cloudwatch.type_defs import (
        DimensionTypeDef,
        MetricDataQueryTypeDef,
        MetricStatTypeDef,
    )

    from .day import Day

COUNTERS: Final = (
    "tokenizeSuccess",
    "tokenizeFailure",
    "detokenizeSuccess",
    "detokenizeFailure",
    "createGrantSuccess",
    "createGrantFailure",
)
"""The names in CloudWatch and in the report."""

BATCH: Final = 500
"""How many metrics GetMetricData takes at once (API reference)."""

_DAY_SECONDS: Final = 86_400

_MOST_SPELT: Final = 10
"""How many sets a line of the log names; one has up to 30 names of up to 255 characters."""

Dimensions = frozenset[tuple[str, str]]


class IncompleteError(Exception):
    """CloudWatch did not add everything up: better no report than one with too little."""


@dataclass(frozen=True)
class Metric:
    """One of a counter's metrics: its name with one set of dimension values."""

    counter: str
    dimensions: Dimensions

    @property
    def names(self) -> frozenset[str]:
        """The dimensions' names."""
        return frozenset(name for name, _ in self.dimensions)


def count(
    cloudwatch: CloudWatchClient, namespace: str, sets: frozenset[frozenset[str]], day: Day
) -> dict[str, int]:
    """Return each counter's sum over the day; what has no data is 0.

    `sets` says which metrics count: those whose dimensions have exactly the names of one of the sets. Empty,
    all count, which is right unless the same calls are published twice, in detail and rolled up.
    """
    listed = [metric for counter in COUNTERS for metric in _list(cloudwatch, namespace, counter)]
    _warn(listed, sets)
    metrics = [metric for metric in listed if not sets or metric.names in sets]
    sums: dict[str, list[float]] = {counter: [] for counter in COUNTERS}
    for start in range(0, len(metrics), BATCH):
        for counter, value in _values(cloudwatch, namespace, metrics[start : start + BATCH], day):
            sums[counter].append(value)
    return {counter: max(0, round(fsum(values))) for counter, values in sums.items()}


def _list(cloudwatch: CloudWatchClient, namespace: str, counter: str) -> list[Metric]:
    # What has had no data for two weeks is not listed, and yesterday's sum of it is 0. A set: no promise of
    # CloudWatch's says that pages do not overlap.
    pages = cloudwatch.get_paginator("list_metrics").paginate(Namespace=namespace, MetricName=counter)
    found = {
        Metric(counter, frozenset((one["Name"], one["Value"]) for one in metric.get("Dimensions", [])))
        for page in pages
        for metric in page["Metrics"]
    }
    return sorted(found, key=lambda metric: sorted(metric.dimensions))


def _values(
    cloudwatch: CloudWatchClient, namespace: str, metrics: Sequence[Metric], day: Day
) -> Iterator[tuple[str, float]]:
    queries = [_query(number, namespace, metric) for number, metric in enumerate(metrics)]
    counters = {query["Id"]: metric.counter for query, metric in zip(queries, metrics, strict=True)}
    pages = cloudwatch.get_paginator("get_metric_data").paginate(
        MetricDataQueries=queries, StartTime=day.start, EndTime=day.end
    )
    for page in pages:
        for result in page["MetricDataResults"]:
            # PartialData: the rest is on another page.
            if result["StatusCode"] not in {"Complete", "PartialData"}:
                raise IncompleteError(result["StatusCode"])
            for value in result["Values"]:
                yield counters[result["Id"]], value


def _query(number: int, namespace: str, metric: Metric) -> MetricDataQueryTypeDef:
    dimensions: list[DimensionTypeDef] = [
        {"Name": name, "Value": value} for name, value in sorted(metric.dimensions)
    ]
    stat: MetricStatTypeDef = {
        "Metric": {"Namespace": namespace, "MetricName": metric.counter, "Dimensions": dimensions},
        "Period": _DAY_SECONDS,
        "Stat": "Sum",
    }
    return {"Id": f"m{number}", "MetricStat": stat}


def _warn(listed: Sequence[Metric], sets: frozenset[frozenset[str]]) -> None:
    found = {metric.names for metric in listed}
    if sets and found and not found & sets:
        log.write("warning", "counters.none_match", found=_spelt(found), wanted=_spelt(sets))
    by_counter = {(metric.counter, metric.names) for metric in listed if not sets or metric.names in sets}
    rolled_up = {
        fewer
        for counter, fewer in by_counter
        for other, more in by_counter
        if counter == other and fewer < more
    }
    if rolled_up and not sets:
        log.write("warning", "counters.maybe_rolled_up", dimension_sets=_spelt(rolled_up))


def _spelt(sets: set[frozenset[str]] | frozenset[frozenset[str]]) -> list[list[str]]:
    return sorted(sorted(names) for names in sets)[:_MOST_SPELT]
