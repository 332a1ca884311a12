"""The child as a process, on the emulated stream and lake; each test is the daemon."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from stream_worker.lake.s3_store import S3Lake
from stream_worker.stream.records import Records
from tests.support import truth
from tests.support.worker.child_process import SHARD_ID, on_stream, start_child
from tests.support.worker.daemon_lines import (
    LEASE_LOST,
    SHARD_ENDED,
    SHUTDOWN_REQUESTED,
    checkpointed,
    initialize,
    process_records,
)
from tests.support.worker.samples import FORGED, MALFORMED, body

if TYPE_CHECKING:
    from pathlib import Path

    from tests.conftest import Cloud

BODIES = [body(1), MALFORMED, b"\xff", FORGED, body(2), body(1)]
OUTCOMES = {"accepted": 2, "malformed": 2, "fraud": 1, "duplicate": 1}


@pytest.fixture
def environ(cloud: Cloud, stream: str, bucket: str, database: str) -> dict[str, str]:
    return cloud.endpoint.environment | {
        "METRICS_DATABASE": database,
        "METRICS_BUCKET": bucket,
        "METRICS_STREAM": stream,
        "METRICS_FLUSH_RECORDS": "4",
    }


def check(cloud: Cloud, bucket: str, held: Records) -> None:
    found = truth.read(S3Lake(cloud.s3, bucket))
    assert found.positions == [(SHARD_ID, int(number)) for number in held.sequence_numbers]
    assert found.outcomes == OUTCOMES


def test_a_shard_from_its_start_to_a_stop(
    cloud: Cloud, stream: str, bucket: str, environ: dict[str, str], tmp_path: Path
) -> None:
    held = on_stream(cloud, stream, BODIES)
    file = tmp_path / "health" / f"{SHARD_ID}.json"
    with start_child(tmp_path, environ) as child:
        assert child.call(initialize(SHARD_ID)) == []
        assert file.exists()
        assert child.call(process_records(held[:3])) == []
        assert child.call(process_records(Records())) == []
        assert child.call(process_records(held[3:])) == [(held.sequence_numbers[3], 0)]
        assert child.call(SHUTDOWN_REQUESTED) == [(held.sequence_numbers[5], 0)]
        assert not file.exists()
        assert child.call(LEASE_LOST) == []
        assert child.end() == 0
    check(cloud, bucket, held)
    assert {event["event"] for event in child.events()} == {
        "shard.started",
        "seen.rebuilt",
        "segment.committed",
        "shard.finished",
    }


def test_a_shard_to_its_end(
    cloud: Cloud, stream: str, bucket: str, environ: dict[str, str], tmp_path: Path
) -> None:
    held = on_stream(cloud, stream, BODIES)
    with start_child(tmp_path, environ) as child:
        child.call(initialize(SHARD_ID))
        child.call(process_records(held))
        assert child.call(SHARD_ENDED) == [(held.sequence_numbers[5], 0), (None, None)]
        assert child.end() == 0
    check(cloud, bucket, held)


def test_signals_to_the_whole_group_are_not_for_the_child(
    cloud: Cloud, stream: str, bucket: str, environ: dict[str, str], tmp_path: Path
) -> None:
    held = on_stream(cloud, stream, BODIES)
    with start_child(tmp_path, environ) as child:
        child.call(initialize(SHARD_ID))
        child.signal()
        child.call(process_records(held))
        child.signal()
        assert child.call(SHUTDOWN_REQUESTED) == [(held.sequence_numbers[5], 0)]
        child.signal()
        assert child.end() == 0
    check(cloud, bucket, held)


def test_a_daemon_that_is_gone_ends_the_child_and_the_next_one_reads_again(
    cloud: Cloud, stream: str, bucket: str, environ: dict[str, str], tmp_path: Path
) -> None:
    held = on_stream(cloud, stream, BODIES)
    with start_child(tmp_path, environ) as child:
        child.call(initialize(SHARD_ID))
        child.call(process_records(held[:3]))
        assert child.end() == 1
    assert child.events()[-1]["event"] == "daemon.gone"
    assert list(S3Lake(cloud.s3, bucket).keys("")) == []
    with start_child(tmp_path, environ) as successor:
        successor.call(initialize(SHARD_ID))
        successor.call(process_records(held))
        successor.call(SHUTDOWN_REQUESTED)
        assert successor.end() == 0
    check(cloud, bucket, held)


@pytest.mark.parametrize("answer", ["no JSON\n", '{"action": "checkpoint"}\n', '{"action": "leaseLost"}\n'])
def test_a_malformed_answer_to_a_checkpoint_ends_the_child_and_what_is_committed_stays(  # noqa: PLR0913, PLR0917 - fixtures
    cloud: Cloud, stream: str, bucket: str, environ: dict[str, str], tmp_path: Path, answer: str
) -> None:
    held = on_stream(cloud, stream, BODIES)
    with start_child(tmp_path, environ) as child:
        child.call(initialize(SHARD_ID))
        child.say(process_records(held))
        heard = child.hear()
        assert heard is not None
        assert heard["sequenceNumber"] == held.sequence_numbers[3]
        child.say(answer)
        assert child.hear() is None
        assert child.process.wait() == 1
    with start_child(tmp_path, environ) as successor:
        successor.call(initialize(SHARD_ID))
        assert successor.call(process_records(held[:4])) == [(held.sequence_numbers[3], 0)]
        successor.call(process_records(held[4:]))
        successor.call(SHUTDOWN_REQUESTED)
        assert successor.end() == 0
    check(cloud, bucket, held)


def test_a_batch_that_cannot_be_committed_ends_the_child_without_an_answer(
    cloud: Cloud, stream: str, bucket: str, environ: dict[str, str], tmp_path: Path
) -> None:
    held = on_stream(cloud, stream, BODIES)
    with start_child(tmp_path, environ) as child:
        child.call(initialize(SHARD_ID))
        cloud.s3.delete_bucket(Bucket=bucket)
        child.say(process_records(held))
        assert child.hear() is None
        assert child.process.wait() == 1
    last = child.events()[-1]
    assert (last["event"], last["error"]) == ("worker.failed", "SetupError")
    assert "NoSuchBucket; check METRICS_BUCKET" in last["detail"]


def test_a_daemon_that_hears_nothing_any_more_ends_the_child(
    cloud: Cloud, stream: str, environ: dict[str, str], tmp_path: Path
) -> None:
    held = on_stream(cloud, stream, BODIES)
    with start_child(tmp_path, environ) as child:
        child.call(initialize(SHARD_ID))
        assert child.process.stdout is not None
        child.process.stdout.close()
        child.say(process_records(held))
        assert child.process.wait() == 1
    assert child.events()[-1]["event"] == "daemon.gone"


def test_a_lease_that_another_worker_took_is_let_go_of_and_the_child_ends_well(
    cloud: Cloud, stream: str, environ: dict[str, str], tmp_path: Path
) -> None:
    held = on_stream(cloud, stream, BODIES)
    with start_child(tmp_path, environ) as child:
        child.call(initialize(SHARD_ID))
        child.say(process_records(held))
        heard = child.hear()
        assert heard is not None
        child.say(checkpointed(heard, "ShutdownException"))
        assert child.hear() == {"action": "status", "responseFor": "processRecords"}
        assert child.call(LEASE_LOST) == []
        assert child.end() == 0
    assert child.events()[-1]["event"] == "shard.abandoned"


def test_a_child_without_a_shard_ends_well_when_the_daemon_does(
    environ: dict[str, str], tmp_path: Path
) -> None:
    with start_child(tmp_path, environ) as child:
        assert child.end() == 0
    assert child.events() == []
