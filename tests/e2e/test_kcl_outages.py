"""The worker on the real daemon while the lake is out: it waits, and loses and doubles nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from infra.local.emulator.fault import Fault, Kind
from infra.local.endpoint import start_cloud
from stream_worker.engines.kcl.jvm import options
from tests.conftest import Cloud
from tests.support.e2e import family
from tests.support.e2e.installation import count
from tests.support.e2e.outage import SECONDS, Stage, peak_memory
from tests.support.local.control import faults

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.support.e2e.installation import Installation
    from tests.support.e2e.producer import Producer

pytestmark = pytest.mark.parametrize("engine", ["kcl"])

PHASE_SECONDS = 12.0
LIMITS = {"flush_records": 500, "flush_seconds": 1}

SHARDS = 2
LONG_RECORDS = 30 * 70
"""Of 64 KB each, 137 MB: what would show if it were held anywhere."""
OUTSIDE_THE_HEAP_MB = 200
"""Of the daemon: code, threads and buffers were seen to take 130."""
CHILD_GROWTH_MB = 90
"""A batch of 10 MB as the line that it comes in, decoded, taken apart; and a buffer that is full at 2 MB."""


@pytest.fixture(scope="module")
def cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cloud]:
    """Give a cloud of this module's own: whatever is asked of it meets the faults."""
    with start_cloud(tmp_path_factory.mktemp("cloud") / "cloud.log") as endpoint:
        yield Cloud(endpoint)


def put_object(kind: Kind, share: float = 1.0) -> Fault:
    return Fault(service="s3", operation="PutObject", kind=kind, share=share)


PHASES = {
    "503": [Fault(service="s3", kind=Kind.SLOW_DOWN)],
    "409": [put_object(Kind.CONFLICT)],
    "hangs": [put_object(Kind.HANG_THEN_DO, 0.5), put_object(Kind.DO_THEN_HANG)],
    "breaks": [put_object(Kind.DO_THEN_BREAK)],
}


def test_an_outage_of_the_lake_is_waited_out_and_made_good(
    installation: Installation, producer: Producer
) -> None:
    took = {}
    with installation.worker(**LIMITS) as worker:
        stage = Stage(installation, producer, worker)
        worker.wait_ready(lambda: count(worker, "shard.started") == 2, SECONDS)
        everybody = [family.daemon(worker), *family.children(worker)]
        with producer.under_load():
            stage.catch_up()
            for name, plan in PHASES.items():
                took[name] = stage.endure(PHASE_SECONDS, *plan)
                assert count(worker, "lake.waiting"), f"{name}: nobody was told"
        stage.catch_up()
        assert [family.daemon(worker), *family.children(worker)] == everybody
        assert worker.stop(SECONDS) == 0
    producer.check(installation.cloud.lake)
    print(took)  # noqa: T201 - pytest shows it when asked (-rP): seconds, which a busy machine makes more


def test_while_the_lake_is_out_nothing_piles_up_in_memory(
    installation: Installation, producer: Producer
) -> None:
    with installation.worker(kcl_max_leases=SHARDS, flush_bytes=2_000_000, flush_seconds=0.5) as worker:
        stage = Stage(installation, producer, worker)
        worker.wait_ready(lambda: count(worker, "shard.started") == 2, SECONDS)
        producer.put_long(70)
        stage.catch_up()
        before = peak_memory(worker)
        with faults(stage.url, Fault(service="s3", kind=Kind.SLOW_DOWN)):
            for _ in range(LONG_RECORDS // 70):
                producer.put_long(70)
            worker.wait_ready(lambda: count(worker, "lake.waiting") > 5, SECONDS)
            during = peak_memory(worker)
        stage.catch_up()
        after = peak_memory(worker)
        assert worker.stop(SECONDS) == 0
    producer.check(installation.cloud.lake)
    print(before, during, after)  # noqa: T201 - as above
    assert after.daemon < heap_mb() + OUTSIDE_THE_HEAP_MB
    assert after.child < before.child + CHILD_GROWTH_MB


def heap_mb() -> float:
    """Return how large the daemon's heap may become."""
    (most,) = (option for option in options(SHARDS) if option.startswith("-Xmx"))
    return int(most.removeprefix("-Xmx").removesuffix("m")) * 2**20 / 1e6
