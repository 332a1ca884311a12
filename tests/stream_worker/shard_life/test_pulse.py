from __future__ import annotations

import os
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import orjson
import pytest
import structlog

from stream_worker.shard_life.pulse import (
    HEARTBEAT_SECONDS,
    Beat,
    FiledPulse,
    LoggedPulse,
    Uncommitted,
    beats,
)

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

SHARD_ID = "shardId-000000000003"
START = 1_795_348_800.0


@dataclass
class Clock:
    now: float = START

    def __call__(self) -> float:
        return self.now


@dataclass
class Recorder:
    """Beats at given seconds after the start; `heartbeats` are the lines that it logged."""

    make: Callable[[Clock], LoggedPulse]
    clock: Clock = field(default_factory=Clock)

    def heartbeats(self, *moments: tuple[float, Uncommitted, int]) -> list[dict[str, Any]]:
        pulse = self.make(self.clock)
        with structlog.testing.capture_logs() as lines:
            for seconds, uncommitted, received in moments:
                self.clock.now = START + seconds
                pulse.beat(uncommitted, received)
        return [dict(line) for line in lines]


NONE = Uncommitted()


def logged() -> Recorder:
    return Recorder(lambda clock: LoggedPulse(SHARD_ID, clock))


def line(received: int, oldest: float = 0.0, behind: int = 0) -> dict[str, Any]:
    return {
        "event": "shard.heartbeat",
        "log_level": "info",
        "shard_id": SHARD_ID,
        "records_received": received,
        "oldest_uncommitted_seconds": oldest,
        "milliseconds_behind": behind,
    }


def test_a_heartbeat_comes_once_a_minute_and_counts_what_came_since_the_last() -> None:
    assert HEARTBEAT_SECONDS == 60
    moments = [(0, NONE, 5), (59.9, NONE, 7), (60, NONE, 1), (61, NONE, 2), (119.9, NONE, 0), (120, NONE, 3)]
    assert logged().heartbeats(*moments) == [line(13), line(5)]


def test_after_a_long_silence_there_is_one_heartbeat_and_the_next_a_minute_later() -> None:
    assert logged().heartbeats((1000, NONE, 1), (1059, NONE, 1), (1060, NONE, 1)) == [line(1), line(2)]


@pytest.mark.parametrize(
    ("uncommitted", "oldest"),
    [
        (NONE, 0.0),
        (Uncommitted(milliseconds_behind=2_500), 2.5),  # what is not read yet waits, too
        (Uncommitted(1, 3.0, round((START + 60 - 90.04) * 1000), 2_500), 90.0),
        (Uncommitted(1, 3.0, round((START + 61) * 1000), 0), 0.0),  # Kinesis' clock is ahead of ours
    ],
)
def test_the_age_is_that_of_the_oldest_record_since_kinesis_took_it(
    uncommitted: Uncommitted, oldest: float
) -> None:
    expected = line(0, oldest, uncommitted.milliseconds_behind)
    assert logged().heartbeats((60, uncommitted, 0)) == [expected]


def test_a_shards_file_is_there_from_the_start_and_gone_after_the_stop(tmp_path: Path) -> None:
    pulse = FiledPulse(SHARD_ID, tmp_path, Clock())
    assert beats(tmp_path) == [Beat(SHARD_ID, os.getpid(), START, None)]
    pulse.stop()
    assert list(tmp_path.iterdir()) == []
    pulse.stop()


def test_the_file_says_since_when_the_oldest_record_waits(tmp_path: Path) -> None:
    clock = Clock()
    pulse = FiledPulse(SHARD_ID, tmp_path, clock)
    clock.now = START + 10
    pulse.beat(Uncommitted(2, 3.5, 1))
    assert beats(tmp_path) == [Beat(SHARD_ID, os.getpid(), START + 10, START + 6.5)]
    clock.now = START + 20
    pulse.beat(NONE)
    assert beats(tmp_path) == [Beat(SHARD_ID, os.getpid(), START + 20, None)]


def test_the_file_is_written_once_a_second_at_most(tmp_path: Path) -> None:
    clock = Clock()
    pulse = FiledPulse(SHARD_ID, tmp_path, clock)
    written = []
    for tenth in range(25):
        clock.now = START + tenth / 10
        pulse.beat(NONE)
        written.append(beats(tmp_path)[0].at)
    assert sorted(set(written)) == [START, START + 1, START + 2]


def test_a_filed_pulse_logs_its_heartbeat_too(tmp_path: Path) -> None:
    recorder = Recorder(lambda clock: FiledPulse(SHARD_ID, tmp_path, clock))
    assert recorder.heartbeats((60, NONE, 4)) == [line(4)]


def test_only_the_shards_files_are_read(tmp_path: Path) -> None:
    for number in (2, 1):
        FiledPulse(f"shardId-{number:012d}", tmp_path, Clock())
    (tmp_path / "worker.json").write_bytes(b"{}")
    (tmp_path / "shardId-000000000009.new").write_bytes(b"")
    assert [beat.shard_id[-1] for beat in beats(tmp_path)] == ["1", "2"]


def test_a_file_that_goes_away_meanwhile_is_left_out(tmp_path: Path) -> None:
    FiledPulse(SHARD_ID, tmp_path, Clock())
    (tmp_path / "shardId-000000000004.json").symlink_to(tmp_path / "gone")
    assert [beat.shard_id for beat in beats(tmp_path)] == [SHARD_ID]


@pytest.mark.parametrize(
    ("at", "waiting_since", "seconds"),
    [(90.0, None, 10.0), (99.0, 40.0, 60.0), (30.0, 90.0, 70.0)],
    ids=["silence alone", "an old record", "silence before the record"],
)
def test_a_beats_age_is_the_longer_of_silence_and_waiting(
    at: float, waiting_since: float | None, seconds: float
) -> None:
    assert Beat(SHARD_ID, 1, at, waiting_since).seconds(100.0) == seconds


def test_the_file_is_json(tmp_path: Path) -> None:
    FiledPulse(SHARD_ID, tmp_path, Clock())
    assert orjson.loads((tmp_path / f"{SHARD_ID}.json").read_bytes()) == {
        "shard_id": SHARD_ID,
        "pid": os.getpid(),
        "at": START,
        "waiting_since": None,
    }
