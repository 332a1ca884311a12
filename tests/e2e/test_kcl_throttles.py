"""The worker on the real daemon while DynamoDB or Kinesis refuses: leases come and go, nothing is lost."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from infra.local.emulator.fault import Fault, Kind
from infra.local.endpoint import start_cloud
from tests.conftest import Cloud
from tests.support.e2e import family
from tests.support.e2e.installation import count
from tests.support.e2e.outage import SECONDS, Stage
from tests.support.local.control import faults

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.support.e2e.installation import Installation
    from tests.support.e2e.producer import Producer

pytestmark = pytest.mark.parametrize("engine", ["kcl"])

LIMITS = {"flush_records": 500, "flush_seconds": 1, "kcl_failover_seconds": 2}


@pytest.fixture(scope="module")
def cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cloud]:
    """Give a cloud of this module's own: whatever is asked of it meets the faults."""
    with start_cloud(tmp_path_factory.mktemp("cloud") / "cloud.log") as endpoint:
        yield Cloud(endpoint)


def reads(kind: Kind) -> Fault:
    return Fault(service="kinesis", operation="GetRecords", kind=kind)


READS_SECONDS = 8.0
READS = {
    "throttled": reads(Kind.THROUGHPUT_EXCEEDED),
    "500": reads(Kind.FAIL),
    "expired": reads(Kind.EXPIRED_ITERATOR),
    "hangs": reads(Kind.HANG_THEN_BREAK),
}

LEASES_SECONDS = 12.0
LEASES = {
    "throttled": Fault(service="dynamodb", kind=Kind.THROTTLING),
    "every second throttled": Fault(service="dynamodb", kind=Kind.THROUGHPUT_EXCEEDED, share=0.5),
    "out of reach": Fault(service="dynamodb", kind=Kind.BREAK),
}


def test_while_kinesis_refuses_reads_nothing_is_lost_and_it_is_made_good(
    installation: Installation, producer: Producer
) -> None:
    took = {}
    with installation.worker(**LIMITS) as worker:
        stage = Stage(installation, producer, worker)
        worker.wait_ready(lambda: count(worker, "shard.started") == 2, SECONDS)
        with producer.under_load():
            stage.catch_up()
            for name, fault in READS.items():
                took[name] = stage.endure(READS_SECONDS, fault)
        stage.catch_up()
        assert count(worker, "shard.started") == 2
        assert worker.stop(SECONDS) == 0
    producer.check(installation.cloud.lake)
    print(took)  # noqa: T201 - pytest shows it when asked (-rP)


def test_while_dynamodb_refuses_shards_are_lost_and_taken_again_and_no_record_is(
    installation: Installation, producer: Producer
) -> None:
    took = {}
    with installation.worker(**LIMITS) as worker:
        stage = Stage(installation, producer, worker)
        worker.wait_ready(lambda: count(worker, "shard.started") == 2, SECONDS)
        daemon = family.daemon(worker)
        with producer.under_load():
            stage.catch_up()
            for name, fault in LEASES.items():
                took[name] = stage.endure(LEASES_SECONDS, fault)
        stage.catch_up()
        assert family.daemon(worker) == daemon
        assert count(worker, "shard.abandoned")
        assert worker.stop(SECONDS) == 0
    producer.check(installation.cloud.lake)
    print(took, count(worker, "shard.abandoned"))  # noqa: T201 - as above


def test_an_iterator_that_expires_before_its_first_use_costs_no_part_of_an_aggregate(
    installation: Installation, producer: Producer
) -> None:
    with installation.worker("victim", flush_records=15, flush_seconds=3600) as victim:
        victim.wait_ready(lambda: count(victim, "shard.started") == 2, SECONDS)
        producer.put_aggregates(50)
        victim.wait_ready(lambda: installation.committed() >= 30, SECONDS)
        family.kill_everything(victim)
    url = installation.cloud.endpoint.url
    expired = Fault(service="kinesis", operation="GetRecords", kind=Kind.EXPIRED_ITERATOR, times=2)
    with faults(url, expired) as outage, installation.worker("heir", flush_seconds=0.5) as heir:
        heir.wait_ready(lambda: count(heir, "shard.started") == 2, SECONDS)
        producer.put(20)
        Stage(installation, producer, heir).catch_up()
        assert outage.hits == [2]
        assert heir.stop(SECONDS) == 0
    producer.check(installation.cloud.lake)
