"""A worker's health by its files, and the command that tells it."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import orjson
import pytest
from click.testing import CliRunner

from stream_worker.commands.cli import main
from stream_worker.shard_life.health import START_SECONDS, Health, Status, announce, read_health, withdraw
from stream_worker.shard_life.pulse import Beat

if TYPE_CHECKING:
    from pathlib import Path

STARTED = 1_000.0
NOW = 10_000.0
LIMIT = 240.0
FUTURE = 4_102_444_800.0
"""In 2100: what the wall clock says while the tests run lies long before or not so long after it."""


def hold(folder: Path, number: int, at: float, waiting_since: float | None = None) -> str:
    """Write a shard's file; return the shard's name."""
    beat = Beat(f"shardId-{number:012d}", 1, at, waiting_since)
    (folder / f"{beat.shard_id}.json").write_bytes(orjson.dumps(asdict(beat)))
    return beat.shard_id


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Make the folder of a worker that has started."""
    announce(tmp_path / "health", STARTED)
    return tmp_path / "health"


def test_without_a_folder_or_a_worker_in_it_there_is_none(tmp_path: Path) -> None:
    assert read_health(tmp_path / "none", NOW, LIMIT) == Health(Status.ABSENT)
    hold(tmp_path, 0, NOW)
    assert read_health(tmp_path, NOW, LIMIT) == Health(Status.ABSENT)


def test_a_worker_that_has_withdrawn_is_absent(folder: Path) -> None:
    withdraw(folder)
    withdraw(folder)
    assert read_health(folder, NOW, LIMIT) == Health(Status.ABSENT)


def test_a_worker_without_a_shard_starts_and_is_then_one_too_many(folder: Path) -> None:
    assert read_health(folder, STARTED, LIMIT) == Health(Status.STARTING)
    assert read_health(folder, STARTED + START_SECONDS - 1, LIMIT) == Health(Status.STARTING)
    assert read_health(folder, STARTED + START_SECONDS, LIMIT) == Health(Status.HEALTHY)


def test_a_worker_with_a_shard_is_healthy_from_its_first_second(folder: Path) -> None:
    shard_id = hold(folder, 0, STARTED + 1)
    assert read_health(folder, STARTED + 2, LIMIT) == Health(Status.HEALTHY, 1, 1.0, shard_id)


def test_a_quiet_shard_is_healthy(folder: Path) -> None:
    shard_id = hold(folder, 0, at=NOW - 1)
    assert read_health(folder, NOW, LIMIT) == Health(Status.HEALTHY, 1, 1.0, shard_id)


@pytest.mark.parametrize(("seconds", "status"), [(240.0, Status.HEALTHY), (240.1, Status.STUCK)])
def test_a_record_that_waits_for_longer_than_the_limit_is_stuck(
    folder: Path, seconds: float, status: Status
) -> None:
    shard_id = hold(folder, 0, at=NOW - 1, waiting_since=NOW - seconds)
    assert read_health(folder, NOW, LIMIT) == Health(status, 1, seconds, shard_id)


@pytest.mark.parametrize(("seconds", "status"), [(240.0, Status.HEALTHY), (240.1, Status.STUCK)])
def test_an_owner_that_is_silent_for_longer_than_the_limit_is_stuck(
    folder: Path, seconds: float, status: Status
) -> None:
    shard_id = hold(folder, 0, at=NOW - seconds)
    assert read_health(folder, NOW, LIMIT) == Health(status, 1, seconds, shard_id)


def test_the_shard_that_has_waited_the_longest_is_judged(folder: Path) -> None:
    hold(folder, 0, at=NOW)
    worst = hold(folder, 1, at=NOW - 1, waiting_since=NOW - 500)
    hold(folder, 2, at=NOW - 400)
    assert read_health(folder, NOW, LIMIT) == Health(Status.STUCK, 3, 500.0, worst)


@pytest.mark.parametrize(
    ("status", "well"),
    [(Status.STARTING, True), (Status.HEALTHY, True), (Status.STUCK, False), (Status.ABSENT, False)],
)
def test_starting_and_healthy_are_well(status: Status, *, well: bool) -> None:
    assert Health(status).well is well


def test_a_new_start_removes_what_a_dead_worker_left(folder: Path) -> None:
    hold(folder, 0, at=STARTED)
    announce(folder, NOW)
    assert read_health(folder, NOW, LIMIT) == Health(Status.STARTING)


def command(folder: Path, *arguments: str, **variables: str) -> tuple[int, dict[str, Any]]:
    environ = {"METRICS_BUCKET": "lake", "METRICS_HEALTH_FOLDER": str(folder)} | variables
    ended = CliRunner().invoke(main, ["health", *arguments], env=environ)
    return ended.exit_code, json.loads(ended.output)


def told(status: str, shards: int = 0, seconds: float = 0.0, shard_id: str | None = None) -> dict[str, Any]:
    return {
        "status": status,
        "shards": shards,
        "oldest_uncommitted_seconds": seconds,
        "shard_id": shard_id,
    }


def test_the_command_tells_an_absent_worker(tmp_path: Path) -> None:
    assert command(tmp_path) == (1, told("absent"))


def test_the_command_tells_a_worker_that_starts_and_one_that_holds_nothing(tmp_path: Path) -> None:
    announce(tmp_path, FUTURE)
    assert command(tmp_path) == (0, told("starting"))
    announce(tmp_path, 0)
    assert command(tmp_path) == (0, told("healthy"))


def test_the_command_tells_a_stuck_shard_and_how_long_it_has_been(folder: Path) -> None:
    shard_id = hold(folder, 5, at=0)
    status, found = command(folder)
    assert found["oldest_uncommitted_seconds"] > 1_700_000_000
    assert (status, found) == (1, told("stuck", 1, found["oldest_uncommitted_seconds"], shard_id))


def test_the_limit_of_the_command_can_be_given(folder: Path) -> None:
    hold(folder, 5, at=0)
    assert command(folder, "--limit", "1e12")[0] == 0


def test_the_limit_is_three_minutes_more_than_a_flush_may_be_due(folder: Path) -> None:
    hold(folder, 5, at=0)
    assert command(folder, METRICS_FLUSH_SECONDS="1e12")[0] == 0
    assert command(folder, METRICS_FLUSH_SECONDS="1")[0] == 1


def test_wrong_settings_are_wrong_usage(tmp_path: Path) -> None:
    environ = {"METRICS_BUCKET": "lake", "METRICS_HEALTH_FOLDR": str(tmp_path)}
    ended = CliRunner().invoke(main, ["health"], env=environ)
    assert ended.exit_code == 2
    assert "METRICS_HEALTH_FOLDER" in ended.output
