"""The lines that CloudWatch turns into metrics, checked by the rules of its specification.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html
"""

from __future__ import annotations

import json
import math
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest
import structlog

from stream_worker.lake.chain import Chain
from stream_worker.lake.segment import OUTCOMES
from stream_worker.process.emf import DIMENSION, METRICS, NAMESPACE, Embedded
from stream_worker.process.limits import Limits
from stream_worker.shard_life.processor import Processor
from stream_worker.shard_life.pulse import LoggedPulse
from tests.support.worker.samples import FORGED, INVALID, MALFORMED, NOON, SHARD, body, records
from tests.support.worker.stage import Stage

if TYPE_CHECKING:
    from stream_worker.stream.records import Position

LIMITS = Limits(records=6, bytes=10**6, seconds=60)
BODIES = [body(1), body(2), body(1), MALFORMED, INVALID, FORGED]
UNITS = {"Seconds", "Milliseconds", "Bytes", "Count"}
"""Those of CloudWatch's that are in use here."""


def check_specification(line: dict[str, Any]) -> None:
    """Assert that a line is as CloudWatch requires: it silently drops what it cannot use."""
    mark = line["_aws"]
    assert mark.keys() == {"Timestamp", "CloudWatchMetrics"}
    assert isinstance(mark["Timestamp"], int)
    assert 10**12 < mark["Timestamp"] < 10**13, "milliseconds"
    for directive in mark["CloudWatchMetrics"]:
        assert directive.keys() == {"Namespace", "Dimensions", "Metrics"}
        assert 1 <= len(directive["Namespace"]) <= 1024
        for dimensions in directive["Dimensions"]:
            assert len(dimensions) <= 30
            for name in dimensions:
                assert isinstance(line[name], str)
                assert 1 <= len(line[name]) <= 1024
        assert 1 <= len(directive["Metrics"]) <= 100
        for metric in directive["Metrics"]:
            assert metric.keys() == {"Name", "Unit"}
            assert metric["Unit"] in UNITS
            value = line[metric["Name"]]
            assert type(value) in {int, float}
            assert math.isfinite(value)
            assert abs(value) < 2**360


def a_shards_life() -> list[dict[str, Any]]:
    """Return what is logged when two owners of a shard settle the same records, and a minute passes."""
    stage = Stage()

    def now() -> float:
        return NOON / 1000 + stage.now

    def own() -> Processor:
        pulse = LoggedPulse(SHARD.shard_id, now)
        return Processor(Chain(stage, SHARD), LIMITS, lambda _: None, lambda: stage.now, pulse=pulse)

    with structlog.testing.capture_logs() as lines:
        first, late = own(), own()
        first.receive(records(BODIES))
        late.receive(records(BODIES))
        first.receive(records([body(3)], first=6), 250)
        stage.now = 60
        first.tick(250)
        forgotten = Chain(Stage(), SHARD)
        Processor(forgotten, LIMITS, lambda _: None, horizon=Forgetful()).receive(records(BODIES))
    return [dict(line) for line in lines]


class Forgetful:
    """A stream that has forgotten all that was before."""

    def now(self) -> float:
        return NOON / 1000 + 10 * 86_400

    def holds(self, _position: Position) -> bool:
        return False

    def remembers(self, _moment: int) -> bool:
        return False

    def began_within(self) -> bool:
        return False


def embedded(line: dict[str, Any]) -> dict[str, Any]:
    return dict(Embedded("app", lambda: NOON / 1000)(None, "info", dict(line)))


OF_DAYS = {"audit.finished", "seal.finished"}
"""What the commands that work on days log, in tests/e2e."""


@pytest.mark.parametrize("event", sorted(METRICS.keys() - OF_DAYS))
def test_each_metric_is_really_logged_by_a_shard(event: str) -> None:
    logged = [line for line in a_shards_life() if line["event"] == event]
    assert logged
    for line in logged:
        assert METRICS[event].keys() <= line.keys()
        check_specification(embedded(line))


def test_every_outcome_is_a_metric() -> None:
    assert METRICS["segment.committed"].keys() >= set(OUTCOMES)


def test_a_commits_metrics_by_value() -> None:
    line = next(line for line in a_shards_life() if line["event"] == "segment.committed")
    counts = {name: line[name] for name, unit in METRICS["segment.committed"].items() if unit == "Count"}
    assert counts == {
        "records": 6,
        "accepted": 2,
        "malformed": 1,
        "invalid": 1,
        "fraud": 1,
        "duplicate": 1,
    }
    assert line["flush_bytes"] > 1000
    assert line["flush_milliseconds"] == 0, "the stage's time stands still"


def test_a_heartbeats_metrics_by_value() -> None:
    (line,) = (line for line in a_shards_life() if line["event"] == "shard.heartbeat")
    assert {name: line[name] for name in METRICS["shard.heartbeat"]} == {
        "records_received": 7,
        "oldest_uncommitted_seconds": 0.2,
        "milliseconds_behind": 250,
    }


def test_the_mark_by_value() -> None:
    assert embedded({"event": "segment.overtaken", "overtaken": 1}) == {
        "event": "segment.overtaken",
        "overtaken": 1,
        DIMENSION: "app",
        "_aws": {
            "Timestamp": NOON,
            "CloudWatchMetrics": [
                {
                    "Namespace": NAMESPACE,
                    "Dimensions": [[DIMENSION]],
                    "Metrics": [{"Name": "overtaken", "Unit": "Count"}],
                }
            ],
        },
    }


def test_other_lines_stay_as_they_are() -> None:
    line = {"event": "shard.started", "shard_id": SHARD.shard_id}
    assert embedded(line) == line
    assert embedded({"no": "event"}) == {"no": "event"}


SHARDS_LIFE = """
import structlog
from stream_worker.process import logs
from stream_worker.process.limits import Limits
from tests.support.worker.samples import body, records
from tests.support.worker.stage import Stage

logs.configure("my-application")
Stage().processor(Limits(2, 10**6, 60)).receive(records([body(1), body(2)]))
try:
    raise ValueError("boom")
except ValueError:
    structlog.get_logger().exception("failed")
"""


def test_the_log_is_one_json_object_a_line_on_stderr_with_the_metrics_marked() -> None:
    ended = subprocess.run([sys.executable, "-c", SHARDS_LIFE], capture_output=True, check=True, text=True)
    lines = [json.loads(line) for line in ended.stderr.splitlines()]
    assert ended.stdout == ""
    assert [line["event"] for line in lines] == [
        "shard.started",
        "seen.rebuilt",
        "segment.committed",
        "failed",
    ]
    assert ["_aws" in line for line in lines] == [False, False, True, False]
    check_specification(lines[2])
    assert lines[2][DIMENSION] == "my-application"
    assert all(line["timestamp"].endswith("Z") for line in lines)
    assert [line["level"] for line in lines] == ["info"] * 3 + ["error"]
    assert lines[3]["exception"].endswith("ValueError: boom")
