"""An alarm as the stacks make it, and whether it would ring by what was measured."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any, Final

from stream_worker.process.emf import DIMENSION, NAMESPACE
from tests.support import synthesis
from tests.support.log_pattern import LogPattern
from tests.support.runbook import FILE

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from pathlib import Path

_STATISTICS: Final[dict[str, Callable[[Sequence[float]], float]]] = {
    "Maximum": max,
    "Minimum": min,
    "Sum": sum,
}


@dataclass(frozen=True, slots=True)
class _Source:
    """A metric, and how a period's values become one.

    `application` is its dimension, if a log has it as a metric; `pattern` what it counts, if it counts lines.
    """

    metric: str
    statistic: str
    application: str | None
    pattern: LogPattern | None = None

    def value(self, measured: Mapping[str, Sequence[float]]) -> float | None:
        values = measured.get(self.metric)
        return _STATISTICS[self.statistic](values) if values else None


@dataclass(frozen=True, slots=True)
class Alarm:
    """An alarm of the template. `periods`: how many are looked at, how many are enough, and their minutes."""

    label: str
    expression: str
    sources: dict[str, _Source]
    threshold: float
    rising: bool
    missing_is_wrong: bool
    periods: tuple[int, int, int]

    def rings(self, measured: Mapping[str, Sequence[float]]) -> bool:
        """Say whether it would ring if each period were like this one."""
        values = {name: source.value(measured) for name, source in self.sources.items()}
        if all(value is None for value in values.values()):
            return self.missing_is_wrong
        # What these alarms use of CloudWatch's expressions is Python too.
        found = eval(self.expression, {"IF": _if, "FILL": _fill}, values)  # noqa: S307 - our own template
        return bool(found > self.threshold if self.rising else found < self.threshold)

    def measured(self, logs: Iterable[Path], application: str) -> dict[str, list[float]]:
        """Return what CloudWatch Logs would make of the logs of an application for this alarm."""
        default = _default_application()
        ours = {
            (source.metric, source.application.replace(default, application, 1))
            for source in self.sources.values()
            if source.application
        }
        counted = {source.metric: source.pattern for source in self.sources.values() if source.pattern}
        assert ours or counted, "a metric of AWS, which no log has"
        found: dict[str, list[float]] = {name: [] for name, _ in ours}
        lines = [line for log in logs for line in log.read_text(encoding="utf-8").splitlines()]
        for line in lines:
            for name, by, value in _embedded(line):
                if (name, by) in ours:
                    found[name].append(value)
        return found | {name: [1.0] * pattern.count(lines) for name, pattern in counted.items()}


@cache
def alarms() -> dict[str, Alarm]:
    """Return the stacks' alarms, by the page of the runbook that each names."""
    made = synthesis.resources(synthesis.templates()[synthesis.SERVICES], "AWS::CloudWatch::Alarm")
    found = {}
    for described in made.values():
        page = re.search(rf"{re.escape(FILE)}#([\w-]+)$", described["AlarmDescription"])
        if page:  # the others are for scaling, and call nobody
            found[page[1]] = _alarm(described)
    return found


@cache
def rollback_alarms() -> frozenset[str]:
    """Return the pages of the alarms that roll a deployment of a service back."""
    services = synthesis.resources(synthesis.templates()[synthesis.SERVICES], "AWS::ECS::Service").values()
    named = {
        name
        for service in services
        for name in service["DeploymentConfiguration"].get("Alarms", {}).get("AlarmNames", ())
    }
    found = frozenset(page for page in alarms() if f"{_default_application()}-{page}" in named)
    assert len(found) == len(named) > 0
    return found


def _alarm(described: dict[str, Any]) -> Alarm:
    if "MetricName" in described:
        stat = {"Metric": described, "Stat": described["Statistic"], "Period": described["Period"]}
        label, expression, stats = described["MetricName"], "metric", {"metric": stat}
    else:
        (result,) = (one for one in described["Metrics"] if one.get("ReturnData", True))
        label, expression = result["Label"], result["Expression"]
        stats = {one["Id"]: one["MetricStat"] for one in described["Metrics"] if one is not result}
    (seconds,) = {stat["Period"] for stat in stats.values()}
    of = described["EvaluationPeriods"]
    return Alarm(
        label=label,
        expression=expression,
        sources={name: _source(stat) for name, stat in stats.items()},
        threshold=described["Threshold"],
        rising=described["ComparisonOperator"] == "GreaterThanThreshold",
        missing_is_wrong=described["TreatMissingData"] == "breaching",
        periods=(of, described.get("DatapointsToAlarm", of), seconds // 60),
    )


def _source(stat: dict[str, Any]) -> _Source:
    metric = stat["Metric"]
    dimensions = {one["Name"]: one["Value"] for one in metric.get("Dimensions", ())}
    application = dimensions[DIMENSION] if metric["Namespace"] == NAMESPACE else None
    return _Source(metric["MetricName"], stat["Stat"], application, _pattern(metric))


def _pattern(metric: dict[str, Any]) -> LogPattern | None:
    """Return the pattern of the metric filter that makes a metric, if one does."""
    services = synthesis.templates()[synthesis.SERVICES]
    for made in synthesis.resources(services, "AWS::Logs::MetricFilter").values():
        for one in made["MetricTransformations"]:
            if (one["MetricNamespace"], one["MetricName"]) == (metric["Namespace"], metric["MetricName"]):
                assert one["MetricValue"] == "1"
                return LogPattern(made["FilterPattern"])
    return None


def _default_application() -> str:
    name: str = synthesis.templates()[synthesis.DATA]["Outputs"]["ApplicationName"]["Value"]
    return name


def _embedded(line: str) -> Iterable[tuple[str, str, float]]:
    """Yield the metrics of a line of the log: name, application, value."""
    if '"_aws"' not in line:
        return
    document = json.loads(line)
    for directive in document["_aws"]["CloudWatchMetrics"]:
        assert directive["Namespace"] == NAMESPACE
        assert directive["Dimensions"] == [[DIMENSION]]
        for metric in directive["Metrics"]:
            yield metric["Name"], document[DIMENSION], document[metric["Name"]]


def _if(condition: bool, then: float, otherwise: float) -> float:  # noqa: FBT001 - CloudWatch's own
    return then if condition else otherwise


def _fill(value: float | None, default: float) -> float:
    return default if value is None else value
