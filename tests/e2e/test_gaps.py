"""What the stream forgets before it is committed, through the real commands and both engines."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from tests.e2e.test_days import TODAY, command, put_on
from tests.support.e2e.installation import SECONDS, count
from tests.support.soak import soaked

if TYPE_CHECKING:
    from tests.support.e2e.installation import Installation
    from tests.support.e2e.producer import Producer

LIMITS = {"flush_seconds": 0.5, "kcl_failover_seconds": 1}


def keep_a_day(installation: Installation) -> None:
    """Let the stream keep records for a day."""
    cloud = installation.cloud
    cloud.kinesis.decrease_stream_retention_period(StreamName=cloud.resources.stream, RetentionPeriodHours=24)


@pytest.mark.parametrize("engine", soaked(["kcl", "poll"]))
def test_a_restart_after_retention_is_said_refused_and_audited_in_every_day_of_it(
    installation: Installation, producer: Producer
) -> None:
    cloud = installation.cloud
    keep_a_day(installation)
    day = put_on(installation, producer, 3)
    with installation.worker("first", **LIMITS) as worker:
        worker.wait_ready(lambda: installation.committed() == 200, SECONDS)
        assert worker.stop(SECONDS) == 0
        assert count(worker, "shard.gap") == 0
    put_on(installation, producer, 2)
    cloud.set_clock(TODAY - timedelta(hours=10))
    producer.put(100)
    with installation.worker("second", **LIMITS) as worker:
        worker.wait_ready(lambda: installation.committed() == 300, SECONDS)
        assert count(worker, "shard.gap") == 2, "one for each shard"
        assert worker.stop(SECONDS) == 0
    for number in range(3):
        lost = str(day + timedelta(days=number))
        refused = command(installation, "seal", "--day", lost)
        assert refused.returncode == 1, "with segments and without"
        assert "gap: the stream has forgotten" in refused.stderr
        audited = command(installation, "audit", "--day", lost, "--json")
        assert audited.returncode == 3
        gaps = [one for one in json.loads(audited.stdout)["problems"] if one["kind"] == "forgotten"]
        assert len({one["shard_id"] for one in gaps}) == 2
        assert all(len(one["position"]) == 56 for one in gaps)
        assert command(installation, "seal", "--day", lost, "--despite-gaps").returncode == 0
        assert command(installation, "audit", "--day", lost).returncode == 3
