"""An audit of rejects that have the longest bodies, in a process of its own: its memory."""

from __future__ import annotations

import json
import sysconfig
from pathlib import Path
from typing import TYPE_CHECKING, Final

import pytest

from infra.local.process import Process
from infra.local.system import clean_environment
from stream_worker.lake.chain import Chain
from stream_worker.lake.s3_store import S3Lake
from stream_worker.process.limits import Limits
from stream_worker.publication.glue import GlueCatalog
from stream_worker.shard_life.processor import Processor
from tests.strangers.memory import confine, peak_until_end
from tests.strangers.worst_bodies import KIB, MIB, bodies, noise, white_space
from tests.support.worker.samples import DAY, SHARD, records

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.conftest import Cloud

LENGTH: Final = 64 * KIB  # of what is stored of a body, the most
SEGMENT_BYTES: Final = 32 * MIB  # the default flush
SEGMENTS: Final = 8
AUDIT_MIB: Final = 300


def commit(lake: S3Lake, catalog: GlueCatalog, kind: Callable[[int], bytes]) -> int:
    """Commit segments of nothing but rejects; return how many records they have."""
    processor = Processor(
        Chain(lake, SHARD), Limits(10**6, 10**9, 10**6), lambda _: None, announce=catalog.add_live
    )
    each = SEGMENT_BYTES // LENGTH
    made = bodies(kind, LENGTH)
    for number in range(SEGMENTS):
        processor.receive(records([next(made) for _ in range(each)], number * each))
        processor.finish()
    return SEGMENTS * each


def audit(cloud: Cloud, bucket: str, database: str, log: Path) -> tuple[int, float]:
    """Audit the day; return what it counts as malformed, and its peak in MiB."""
    environment = (
        clean_environment()
        | cloud.endpoint.environment
        | {"METRICS_DATABASE": database, "METRICS_BUCKET": bucket, "POLARS_MAX_THREADS": "2"}
    )
    command = [str(Path(sysconfig.get_path("scripts")) / "stream-worker"), "audit", f"--day={DAY}", "--json"]
    with Process("audit", command, log=log, environment=environment) as process:
        confine(process.pid)
        status, highest = peak_until_end(process, 300)
        assert status == 0, process.tail()
    (found,) = [json.loads(line) for line in log.read_text().splitlines() if line.startswith("{")]
    assert found["ok"]
    return found["malformed"], highest


@pytest.mark.parametrize("kind", [noise, white_space], ids=["large in the lake", "large in memory"])
def test_an_audit_in_a_container_counts_them_all(
    cloud: Cloud, bucket: str, database: str, tmp_path: Path, kind: Callable[[int], bytes]
) -> None:
    expected = commit(S3Lake(cloud.s3, bucket), GlueCatalog(cloud.glue, database, bucket), kind)
    malformed, highest = audit(cloud, bucket, database, tmp_path / "log")
    assert malformed == expected
    assert 0 < highest <= AUDIT_MIB
