"""The worker on the real daemon: it consumes, stops in good order however it is asked, and goes on."""

from __future__ import annotations

import json
import os
import signal
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from stream_worker.shard_life.pulse import beats
from tests.support.e2e import family
from tests.support.e2e.installation import count, run
from tests.support.soak import soaked

if TYPE_CHECKING:
    from collections.abc import Callable

    from infra.local.process import Process
    from tests.support.e2e.installation import Installation
    from tests.support.e2e.producer import Producer

pytestmark = pytest.mark.parametrize("engine", ["kcl"])

SECONDS = 90
LIMITS = {"flush_records": 100, "flush_seconds": 0.5}


def wait_committed(worker: Process, installation: Installation, producer: Producer) -> None:
    worker.wait_ready(lambda: installation.committed() == len(producer.acknowledged), SECONDS)


def lines(worker: Process) -> list[dict[str, object]]:
    return [json.loads(line) for line in worker.log.read_text(encoding="utf-8").splitlines() if line]


def test_it_consumes_stops_and_goes_on_and_its_log_is_json(
    installation: Installation, producer: Producer
) -> None:
    for life in ("first", "second"):
        producer.put(400)
        with installation.worker(life, **LIMITS) as worker:
            wait_committed(worker, installation, producer)
            assert worker.stop(SECONDS) == 0
        assert lines(worker)[-1]["event"] == "worker.stopped"
        producer.check(installation.cloud.lake)
    installation.check_days()
    assert not {line["event"] for line in lines(worker)} & {
        "catalog.failed",
        "segment.overtaken",
        "shard.gap",
    }


def to_the_command(worker: Process) -> None:
    worker.send(signal.SIGTERM)


def to_the_command_by_hand(worker: Process) -> None:
    worker.send(signal.SIGINT)


def to_the_daemon(worker: Process) -> None:
    daemon = family.daemon(worker)
    assert daemon
    os.kill(daemon, signal.SIGTERM)


def to_everybody(worker: Process) -> None:
    family.signal_everything(worker, signal.SIGTERM)


@pytest.mark.parametrize(
    "ask", soaked([to_the_command, to_everybody, to_the_command_by_hand, to_the_daemon], 2)
)
def test_asked_to_stop_it_commits_what_it_has_read_and_ends_with_status_0(
    installation: Installation, producer: Producer, ask: Callable[[Process], None]
) -> None:
    with installation.worker(flush_records=10**6, flush_seconds=3600) as worker:
        worker.wait_ready(lambda: count(worker, "shard.started") == 2, SECONDS)
        producer.put(300)
        worker.wait_ready(lambda: waiting(installation.health_folder()) == 2, SECONDS)
        assert installation.committed() == 0
        ask(worker)
        assert worker.wait(SECONDS) == 0
    assert count(worker, "shard.finished") == 2
    producer.check(installation.cloud.lake)


def waiting(folder: Path) -> int:
    """Return on how many shards something waits to be committed."""
    return sum(beat.waiting_since is not None for beat in beats(folder))


def test_its_health_is_told_from_start_to_stop(installation: Installation, producer: Producer) -> None:
    environment = installation.environment(health_folder=installation.health_folder())

    def status() -> tuple[str, int]:
        told = run("stream-worker", "health", environment=environment)
        return json.loads(told.stdout)["status"], told.returncode

    assert status() == ("absent", 1)
    with installation.worker(flush_seconds=0.5) as worker:
        worker.wait_ready(lambda: count(worker, "daemon.started") > 0, SECONDS)
        assert status() == ("starting", 0)
        worker.wait_ready(lambda: count(worker, "shard.started") == 2, SECONDS)
        producer.put(10)
        wait_committed(worker, installation, producer)
        assert status() == ("healthy", 0)
        (child, *_) = family.children(worker)
        os.kill(child, signal.SIGSTOP)  # it holds its shard, and does nothing
        try:
            worker.wait_ready(lambda: stuck(environment), SECONDS)
        finally:
            os.kill(child, signal.SIGCONT)
        assert worker.stop(SECONDS) == 0
    assert status() == ("absent", 1)


def stuck(environment: dict[str, str]) -> bool:
    told = run("stream-worker", "health", "--limit", "3", environment=environment)
    return told.returncode == 1 and json.loads(told.stdout)["status"] == "stuck"


@pytest.mark.parametrize("victim", ["child", "daemon"])
def test_when_a_part_of_it_dies_it_ends_with_a_status_that_says_so(
    installation: Installation, producer: Producer, victim: str
) -> None:
    producer.put(300)
    with installation.worker("victim", **LIMITS) as worker:
        worker.wait_ready(lambda: count(worker, "segment.committed") > 1, SECONDS)
        daemon, (child, *_) = family.daemon(worker), family.children(worker)
        assert daemon
        family.kill(daemon if victim == "daemon" else child)
        assert worker.wait(SECONDS) == 1
    assert lines(worker)[-1]["event"] == "worker.failed"
    with installation.worker("heir", **LIMITS) as worker:
        wait_committed(worker, installation, producer)
        assert worker.stop(SECONDS) == 0
    producer.check(installation.cloud.lake)


def test_after_a_kill_of_everything_it_goes_on(installation: Installation, producer: Producer) -> None:
    with producer.under_load():
        with installation.worker("victim", **LIMITS) as worker:
            worker.wait_ready(lambda: count(worker, "segment.committed") > 2, SECONDS)
            family.kill_everything(worker)
        with installation.worker("heir", **LIMITS) as worker:
            worker.wait_ready(lambda: count(worker, "segment.committed") > 2, SECONDS)
            assert worker.stop(SECONDS) == 0
    installation.drain()
    producer.check(installation.cloud.lake)


def test_a_killed_command_takes_its_daemon_with_it(installation: Installation) -> None:
    with installation.worker() as worker:
        worker.wait_ready(lambda: count(worker, "shard.started") == 2, SECONDS)
        daemon = family.daemon(worker)
        assert daemon
        worker.send(signal.SIGKILL)
        assert worker.wait(SECONDS) == -signal.SIGKILL
        await_end(daemon)
    assert count(worker, "shard.finished") == 2


def await_end(pid: int) -> None:
    deadline = time.monotonic() + SECONDS
    while Path(f"/proc/{pid}").exists():
        assert time.monotonic() < deadline, "it lives on"
        time.sleep(0.05)
