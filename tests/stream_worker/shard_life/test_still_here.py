"""While the lake is waited for, a shard's owner is heard of, with how old its oldest record is by then."""

from __future__ import annotations

import boto3
import pytest
import structlog

from infra.local.endpoint import CREDENTIAL, REGION
from stream_worker.lake.chain import Chain
from stream_worker.lake.s3_store import S3Lake
from stream_worker.process.errors import OutageError
from stream_worker.process.limits import Limits
from stream_worker.shard_life.processor import Processor
from stream_worker.shard_life.pulse import LoggedPulse
from tests.conftest import QUICK
from tests.support.worker.s3_stub import S3Stub
from tests.support.worker.samples import NOON, SHARD, body, records
from tests.support.worker.stage import Stage

LIMITS = Limits(records=100, bytes=10**6, seconds=600)


def test_each_pause_of_a_wait_is_told() -> None:
    s3, session = S3Stub(), boto3.Session(CREDENTIAL, CREDENTIAL, region_name=REGION)
    told: list[str] = []
    with s3.serve() as url:
        lake = S3Lake(session.client("s3", endpoint_url=url, config=QUICK), "lake", patience=60)
        for name in ("one", "another"):
            lake.while_waiting(lambda name=name: told.append(name))  # type: ignore[misc] # bound to this turn's
        assert lake.put_new("k", b"x", {})
        assert told == []
        s3.faults = ["500"] * 3
        assert lake.put_new("other", b"x", {})
    assert told == ["one", "another"] * 3


def test_a_shard_that_waits_says_how_old_its_oldest_record_is_until_it_is_let_go_of() -> None:
    stage = Stage()

    def now() -> float:
        return NOON / 1000 + stage.now

    pulse = LoggedPulse(SHARD.shard_id, now)
    processor = Processor(Chain(stage, SHARD), LIMITS, lambda _: None, lambda: stage.now, pulse=pulse)
    with structlog.testing.capture_logs() as lines:
        processor.receive(records([body(1)]), 250)
        stage.now = 300
        processor.still_here()
        processor.finish()
        stage.now = 600
        processor.still_here()
    (beat,) = (line for line in lines if line["event"] == "shard.heartbeat")
    assert beat["oldest_uncommitted_seconds"] == pytest.approx(300, abs=1)
    assert beat["milliseconds_behind"] == 250


def test_a_wait_that_comes_to_nothing_is_told_too() -> None:
    s3, session = S3Stub(), boto3.Session(CREDENTIAL, CREDENTIAL, region_name=REGION)
    told: list[int] = []
    with s3.serve() as url:
        client = session.client("s3", endpoint_url=url, config=QUICK)
        lake = S3Lake(client, "lake", patience=60, asked_to_stop=lambda: len(told) > 1)
        lake.while_waiting(lambda: told.append(1))
        s3.faults = ["500"] * 9
        with pytest.raises(OutageError):
            lake.put_new("k", b"x", {})
    assert len(told) == 2
