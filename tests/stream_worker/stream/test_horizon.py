"""What is not known of a shard's beginning is not taken for known."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from structlog.testing import capture_logs

from stream_worker.stream.horizon import KinesisHorizon
from stream_worker.stream.kinesis import KinesisStream
from tests.support.worker.samples import SHARD

if TYPE_CHECKING:
    from tests.conftest import Cloud


def test_a_list_of_shards_that_is_refused_proves_nothing_and_is_logged_by_its_cause(cloud: Cloud) -> None:
    horizon = KinesisHorizon(KinesisStream(cloud.kinesis, "no-such"), SHARD)
    with capture_logs() as lines:
        assert not horizon.began_after(datetime.now(UTC))
    (line,) = lines
    assert (line["event"], line["shard_id"]) == ("horizon.unknown", SHARD.shard_id)
    assert line["error"] == "ResourceNotFoundException"
