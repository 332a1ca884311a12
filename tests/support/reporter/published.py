"""A product's counters in CloudWatch: published by a test, counted by the reporter."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from infra.reporter.function.usage_reporter.counters import COUNTERS, count

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from mypy_boto3_cloudwatch import CloudWatchClient
    from mypy_boto3_cloudwatch.type_defs import MetricDatumTypeDef

    from infra.reporter.function.usage_reporter.day import Day

ZEROS: Final = dict.fromkeys(COUNTERS, 0)
_AT_ONCE: Final = 1000
"""PutMetricData takes no more."""


@dataclass(frozen=True)
class Published:
    client: CloudWatchClient
    namespace: str
    day: Day

    def put(self, counter: str, *values: float, at: datetime | None = None, **dimensions: str) -> None:
        """Publish values at an instant, or the day's noon; each dimension's value has the namespace in it."""
        self._put([self._datum(counter, value, at, dimensions) for value in values])

    def put_many(self, counter: str, values: Iterable[int]) -> None:
        """Publish each value with a dimension of its own."""
        data = [self._datum(counter, value, None, {"tenant": str(value)}) for value in values]
        for start in range(0, len(data), _AT_ONCE):
            self._put(data[start : start + _AT_ONCE])

    def count(self, sets: frozenset[frozenset[str]] = frozenset()) -> dict[str, int]:
        return count(self.client, self.namespace, sets, self.day)

    def _put(self, data: list[MetricDatumTypeDef]) -> None:
        self.client.put_metric_data(Namespace=self.namespace, MetricData=data)

    def _datum(
        self, counter: str, value: float, at: datetime | None, dimensions: dict[str, str]
    ) -> MetricDatumTypeDef:
        return {
            "MetricName": counter,
            "Timestamp": at or self.day.start + timedelta(hours=12),
            "Value": value,
            # Sorted by name, as they are asked for: moto finds no others, CloudWatch knows no order.
            "Dimensions": [
                {"Name": name, "Value": f"{self.namespace}-{told}"}
                for name, told in sorted(dimensions.items())
            ],
        }
