"""A deployment rolls over a running system: the new beside the old, which is then drained and stopped."""

from __future__ import annotations

import http.client
import random
import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

import orjson
import pytest

from infra.fleets import fleet
from infra.local.ports import LOOPBACK, reserve
from infra.local.system import start_edge
from tests.support import synthesis
from tests.support.e2e.installation import count
from tests.support.e2e.load_balancer import LoadBalancer
from tests.support.local.shards import Reader

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.support.e2e.installation import Installation
    from tests.support.e2e.producer import Producer

LIMITS: Final = {"flush_records": 50, "flush_seconds": 0.5}
SECONDS: Final = 180
CLIENTS: Final = 6


def targets() -> dict[str, Any]:
    """Return the properties of the edge's target group, as the stacks have it."""
    (found,) = synthesis.resources(
        synthesis.templates()[synthesis.SERVICES], "AWS::ElasticLoadBalancingV2::TargetGroup"
    ).values()
    properties: dict[str, Any] = found
    return properties


def deregistration_seconds() -> int:
    attributes = {one["Key"]: one["Value"] for one in targets()["TargetGroupAttributes"]}
    return int(attributes["deregistration_delay.timeout_seconds"])


def stop_seconds(task: str) -> int:
    return int(synthesis.container(task)["StopTimeout"])


@dataclass
class Deployments:
    """Clients of the edge, each of which posts one report after the other over one connection."""

    address: str
    answers: list[tuple[int, bytes]] = field(default_factory=list)
    _stop: threading.Event = field(default_factory=threading.Event)

    @contextmanager
    def reporting(self) -> Iterator[None]:
        with ThreadPoolExecutor(CLIENTS) as threads:
            posting = [threads.submit(self._post_on, seed) for seed in range(CLIENTS)]
            try:
                yield
            finally:
                self._stop.set()
        for one in posting:
            one.result()

    def _post_on(self, seed: int) -> None:
        rng = random.Random(seed)
        connection = http.client.HTTPConnection(self.address, timeout=30)
        while not self._stop.is_set():
            connection.request("POST", "/v1/metrics", fleet.honest(rng))
            answer = connection.getresponse()
            self.answers.append((answer.status, answer.read()))
        connection.close()

    def wait_for(self, more: int) -> None:
        """Return when so many more answers have come."""
        wanted = len(self.answers) + more
        for _ in range(SECONDS * 20):
            if len(self.answers) >= wanted:
                return
            self._stop.wait(0.05)
        raise AssertionError(f"{len(self.answers)} answers")


def test_edges_are_replaced_behind_the_load_balancer_and_no_request_fails(
    installation: Installation,
) -> None:
    balancer = LoadBalancer(targets()["HealthCheckPath"])
    healthy_checks = targets()["HealthyThresholdCount"]
    environment = installation.environment("edge")
    with (
        balancer.serving() as address,
        reserve() as old_port,
        reserve() as port,
        start_edge(installation.logs / "old.log", environment, old_port) as old,
    ):
        balancer.register(f"{LOOPBACK}:{old_port}", healthy_checks)
        deployments = Deployments(address)
        with ExitStack() as until_the_end:
            new_log = installation.logs / "new.log"
            with deployments.reporting():
                deployments.wait_for(100)
                until_the_end.enter_context(start_edge(new_log, environment, port))
                balancer.register(f"{LOOPBACK}:{port}", healthy_checks)
                deployments.wait_for(100)
                balancer.drain(f"{LOOPBACK}:{old_port}", deregistration_seconds())
                assert old.stop(stop_seconds("edge")) == 0
                deployments.wait_for(100)
    assert Counter(status for status, _ in deployments.answers) == {202: len(deployments.answers)}
    receipts = Counter(orjson.loads(body)["record_id"] for _, body in deployments.answers)
    reader = Reader(installation.cloud.kinesis, installation.cloud.resources.stream)
    on_stream = Counter(
        f"{shard_id}:{record['SequenceNumber']}"
        for shard_id in reader.shard_ids()
        for record in reader.records(shard_id)
    )
    assert on_stream == receipts, "a record lost, doubled, or without a receipt"


@pytest.mark.parametrize("engine", ["kcl"])
def test_workers_are_replaced_and_each_record_is_settled_once(
    installation: Installation, producer: Producer
) -> None:
    with producer.under_load(), installation.worker("old", **LIMITS) as old:
        old.wait_ready(lambda: count(old, "segment.committed") > 5, SECONDS)
        with installation.worker("new", **LIMITS) as new:
            new.wait_ready(lambda: count(new, "daemon.started") > 0, SECONDS)
            assert old.stop(stop_seconds("worker")) == 0
            committed = count(new, "segment.committed")
            new.wait_ready(lambda: count(new, "segment.committed") > committed + 5, SECONDS)
            assert new.stop(stop_seconds("worker")) == 0
    installation.drain("rest")
    assert installation.committed() == len(producer.acknowledged)
    producer.check(installation.cloud.lake)
