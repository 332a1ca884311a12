"""CloudWatch's embedded metric format: log lines that CloudWatch Logs turns into metrics by itself.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable

    from structlog.typing import EventDict, WrappedLogger

NAMESPACE: Final = "UsageMetrics"
DIMENSION: Final = "application"

METRICS: Final[dict[str, dict[str, str]]] = {
    "audit.finished": {"audit_problems": "Count"},
    "seal.finished": {"unsealed_days": "Count"},
    "segment.committed": {
        "records": "Count",
        "accepted": "Count",
        "malformed": "Count",
        "invalid": "Count",
        "fraud": "Count",
        "duplicate": "Count",
        "flush_bytes": "Bytes",
        "flush_milliseconds": "Milliseconds",
    },
    "segment.overtaken": {"overtaken": "Count"},
    "shard.gap": {"gaps": "Count"},
    "shard.heartbeat": {
        "records_received": "Count",
        "oldest_uncommitted_seconds": "Seconds",
        "milliseconds_behind": "Milliseconds",
    },
}
"""Which fields of which log lines are metrics, and their units."""


@dataclass(frozen=True, slots=True)
class Embedded:
    """A structlog processor that marks the metrics in a line; one dimension, as each value costs money."""

    application: str
    now: Callable[[], float] = time.time

    def __call__(self, _logger: WrappedLogger, _method: str, line: EventDict) -> EventDict:
        """Return the line, marked if it has metrics."""
        units = METRICS.get(line.get("event", ""))
        if units is None:
            return line
        line[DIMENSION] = self.application
        line["_aws"] = {
            "Timestamp": round(self.now() * 1000),
            "CloudWatchMetrics": [
                {
                    "Namespace": NAMESPACE,
                    "Dimensions": [[DIMENSION]],
                    "Metrics": [{"Name": name, "Unit": unit} for name, unit in units.items()],
                }
            ],
        }
        return line
