"""The worst bodies in the worker's processes, with the default flush: memory, and where each record is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import pytest

from infra.local.process import Process
from infra.local.system import clean_environment
from schemas.report import LONGEST_BYTES
from stream_worker.lake.s3_store import S3Lake
from tests.strangers.memory import confine, peak, peak_until_end
from tests.strangers.poisoned_stream import pages, poisoned, put
from tests.strangers.worker import POLL_WORKER
from tests.strangers.worst_bodies import LENGTHS, MIB
from tests.support import truth
from tests.support.soak import soaked
from tests.support.worker.child_process import SHARD_ID, start_child
from tests.support.worker.daemon_lines import LEASE_LOST, SHUTDOWN_REQUESTED, initialize, process_records

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.conftest import Cloud

TOTAL: Final = 80 * MIB  # more than two buffers of the default size
POLL_MIB: Final = 400
CHILD_MIB: Final = 300


@pytest.fixture
def environ(cloud: Cloud, bucket: str, database: str, tmp_path: Path) -> Iterator[dict[str, str]]:
    """Give a worker's environment; its stream, which has the bucket's name, is the test's to make."""
    (tmp_path / "health").mkdir()
    yield (
        clean_environment()
        | cloud.endpoint.environment
        | {
            "METRICS_DATABASE": database,
            "METRICS_BUCKET": bucket,
            "METRICS_STREAM": bucket,
            "METRICS_HEALTH_FOLDER": str(tmp_path / "health"),
            "POLARS_MAX_THREADS": "2",  # the test's machine may have many processors, each with a stack
        }
    )
    cloud.kinesis.delete_stream(StreamName=bucket)  # the emulator keeps what is on it in memory


@pytest.mark.parametrize(
    ("length", "shards"),
    soaked([(LENGTHS[0], 4), (LENGTHS[-1], 1), (LENGTHS[0], 1), (LENGTHS[1], 1), (LONGEST_BYTES, 1)], 2),
)
def test_a_poll_worker_in_a_container_settles_them_all(  # noqa: PLR0913, PLR0917 - fixtures
    cloud: Cloud, bucket: str, environ: dict[str, str], tmp_path: Path, length: int, shards: int
) -> None:
    cloud.kinesis.create_stream(StreamName=bucket, ShardCount=shards)
    expected = put(cloud.kinesis, bucket, poisoned(length, TOTAL))
    with Process("worker", POLL_WORKER, log=tmp_path / "log", environment=environ) as worker:
        confine(worker.pid)
        status, highest = peak_until_end(worker, 300)
        assert status == 0, worker.tail()
    assert truth.read(S3Lake(cloud.s3, bucket)).settled == expected
    assert 0 < highest <= POLL_MIB


@pytest.mark.parametrize("length", soaked([*LENGTHS, LONGEST_BYTES], 2))
def test_a_child_of_the_daemon_in_a_container_settles_them_all(
    cloud: Cloud, bucket: str, environ: dict[str, str], tmp_path: Path, length: int
) -> None:
    cloud.kinesis.create_stream(StreamName=bucket, ShardCount=1)
    expected: dict[truth.Place, str] = {}
    with start_child(tmp_path, environ) as child:
        confine(child.process.pid)
        child.call(initialize(SHARD_ID))
        for page, outcomes in pages(poisoned(length, TOTAL)):
            child.call(process_records(page))
            expected |= zip(
                ((SHARD_ID, int(number), 0) for number in page.sequence_numbers), outcomes, strict=True
            )
        child.call(SHUTDOWN_REQUESTED)
        highest = peak(child.process.pid)
        child.call(LEASE_LOST)
        assert child.end() == 0, child.log.read_text()
    assert truth.read(S3Lake(cloud.s3, bucket)).settled == expected
    assert 0 < highest <= CHILD_MIB
